"""What a data set must hold at least, from one TOML file."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from data.check import count
from data.errors import FieldError
from data.records import LabelledReport
from data.taxonomy import Taxonomy


@dataclass(frozen=True)
class Targets:
    """Least counts.

    :param total: Records in languages that Farz reads.
    :param awkward: Records written to be awkward or obfuscated.
    :param flag_categories: Categories that each flag occurs in.
    :param language: Records by language code.
    :param category: Records by category code.
    :param flag: Records by flag code.
    :param priority: Records by priority code.
    """

    total: int = 0
    awkward: int = 0
    flag_categories: int = 0
    language: Mapping[str, int] = field(default_factory=dict)
    category: Mapping[str, int] = field(default_factory=dict)
    flag: Mapping[str, int] = field(default_factory=dict)
    priority: Mapping[str, int] = field(default_factory=dict)


def load_targets(path: Path) -> Targets:
    """Read least counts.

    :param path: A TOML file in the form of ``data/targets.toml``.
    :return: The targets.
    :raises FieldError: If a key is unknown.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    known = [f.name for f in fields(Targets)]
    for name in raw:
        if name not in known:
            raise FieldError(
                f"{path.name}: {name}", "is not known", f"known are {', '.join(known)}"
            )
    return Targets(**raw)


def shortfalls(
    records: Sequence[LabelledReport], taxonomy: Taxonomy, targets: Targets
) -> list[str]:
    """Find where a data set holds less than it must.

    :param records: The data set; ``und`` counts for nothing here.
    :param taxonomy: Its labels.
    :param targets: Least counts.
    :return: One finding a shortfall.
    """
    read = [record for record in records if record.language != "und"]
    counts = count(read, taxonomy)
    found = []
    wanted = {
        ("records", "all"): (targets.total, len(read)),
        ("records", "awkward"): (targets.awkward, sum(counts["awkward"].values())),
    }
    for kind in ("language", "category", "flag", "priority"):
        for code, least in getattr(targets, kind).items():
            wanted[kind, code] = (least, counts[kind].get(code, 0))
    for (kind, code), (least, there) in wanted.items():
        if there < least:
            found.append(f"too few: {kind} {code} has {there} of {least}")
    categories = defaultdict(set)
    for record in read:
        for flag in record.flags or ():
            categories[flag].add(record.category)
    for flag in targets.flag and taxonomy.flag_codes:
        if len(categories[flag]) < targets.flag_categories:
            found.append(
                f"too narrow: flag {flag} is in {len(categories[flag])} categories "
                f"of {targets.flag_categories}"
            )
    return found
