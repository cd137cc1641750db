"""Categories, flags and priorities, defined once and carried inside every bundle."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from data.errors import FieldError, shown

NAME_LANGUAGES = ("fr", "ar", "en", "es")


@dataclass(frozen=True)
class Label:
    """One category, flag or priority level.

    :param code: Identifier used in data and in the API.
    :param names: Display names by language code.
    :param description: When the label applies, in one sentence.
    :param legal: Legal references shown to reviewers as hints.
    :param group: Row of the communiqué's table (categories only).
    :param out_of_scope: True for the category of reports that are no offence.
    :param max_miss_rate: Share of true flags that may be missed (flags only).
    :param aim: Time in which a report of this priority should be seen (priorities only).
    """

    code: str
    names: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    legal: tuple[str, ...] = ()
    group: str | None = None
    out_of_scope: bool = False
    max_miss_rate: float = 0.05
    aim: str = ""

    def name(self, language: str) -> str:
        """Give the display name in a language, or the code where there is none."""
        return self.names.get(language, self.code)


@dataclass(frozen=True)
class Taxonomy:
    """The label sets of one agency, in a fixed order.

    :param name: Name of the taxonomy.
    :param version: Raised whenever a label is added, removed or changes its meaning.
    :param categories: Exclusive labels; at least two.
    :param flags: Independent labels; may be empty.
    :param priorities: Ordinal levels, most urgent first; may be empty.
    :param group_shares: Share of all reports of each communiqué group; may be empty.
    """

    name: str
    version: int
    categories: tuple[Label, ...]
    flags: tuple[Label, ...] = ()
    priorities: tuple[Label, ...] = ()
    group_shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def category_codes(self) -> tuple[str, ...]:
        """Category codes in order."""
        return tuple(label.code for label in self.categories)

    @property
    def flag_codes(self) -> tuple[str, ...]:
        """Flag codes in order."""
        return tuple(label.code for label in self.flags)

    @property
    def priority_codes(self) -> tuple[str, ...]:
        """Priority codes, most urgent first."""
        return tuple(label.code for label in self.priorities)

    def flag(self, code: str) -> Label:
        """Find a flag by its code.

        :raises KeyError: If the taxonomy has no such flag.
        """
        return next(label for label in self.flags if label.code == code)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read and check a taxonomy file.

    :param path: A TOML file in the form of ``data/taxonomy.toml``; None reads that file itself.
    :return: The checked taxonomy.
    :raises FieldError: If the file breaks the form, naming the key.
    :raises OSError: If the file cannot be read.
    """
    source = files("data").joinpath("taxonomy.toml") if path is None else path
    text = source.read_text(encoding="utf-8")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FieldError(
            "taxonomy", f"{path} is not TOML ({error})", "see data/taxonomy.toml for the form"
        ) from error
    return parse_taxonomy(raw)


def parse_taxonomy(raw: Mapping[str, Any]) -> Taxonomy:
    """Check a taxonomy given as plain data.

    :param raw: The parsed TOML or JSON.
    :return: The taxonomy.
    :raises FieldError: If a key is missing, unknown, duplicated or of a wrong type.
    """
    unknown = set(raw) - {"name", "version", "groups", "categories", "flags", "priorities"}
    if unknown:
        raise FieldError(
            "taxonomy",
            f"unknown key {shown(sorted(unknown)[0])}",
            "known are name, version, groups, categories, flags, priorities",
        )
    shares = {str(group["code"]): float(group["share"]) for group in raw.get("groups", [])}
    if shares and abs(sum(shares.values()) - 1) > 0.01:
        raise FieldError(
            "taxonomy.groups",
            f"shares add up to {sum(shares.values()):.3f}",
            "they must add up to 1",
        )
    categories = _labels(raw, "categories")
    if len(categories) < 2:
        raise FieldError(
            "taxonomy.categories",
            f"only {len(categories)} given",
            "list at least two [[categories]]",
        )
    for label in categories:
        if shares and label.group is not None and label.group not in shares:
            raise FieldError(
                f"taxonomy.categories.{label.code}.group",
                f"{shown(label.group)} is no group",
                f"use one of {', '.join(shares)}",
            )
    return Taxonomy(
        name=str(raw.get("name", "unnamed")),
        version=int(raw.get("version", 1)),
        categories=categories,
        flags=_labels(raw, "flags"),
        priorities=_labels(raw, "priorities"),
        group_shares=shares,
    )


def dump_taxonomy(taxonomy: Taxonomy) -> dict[str, Any]:
    """Give a taxonomy as plain data that ``parse_taxonomy`` reads back equal."""

    def plain(label: Label) -> dict[str, Any]:
        values = {**vars(label), "names": dict(label.names), "legal": list(label.legal)}
        return {key: value for key, value in values.items() if value is not None}

    return {
        "name": taxonomy.name,
        "version": taxonomy.version,
        "groups": [{"code": c, "share": s} for c, s in taxonomy.group_shares.items()],
        "categories": [plain(label) for label in taxonomy.categories],
        "flags": [plain(label) for label in taxonomy.flags],
        "priorities": [plain(label) for label in taxonomy.priorities],
    }


def _labels(raw: Mapping[str, Any], section: str) -> tuple[Label, ...]:
    labels: list[Label] = []
    for entry in raw.get(section, []):
        known = set(Label.__dataclass_fields__)
        if not isinstance(entry, Mapping) or not isinstance(entry.get("code"), str):
            raise FieldError(
                f"taxonomy.{section}", f"{shown(entry)} has no code", 'write code = "fraud"'
            )
        where = f"taxonomy.{section}.{entry['code']}"
        unknown = set(entry) - known
        if unknown:
            raise FieldError(
                where,
                f"unknown key {shown(sorted(unknown)[0])}",
                f"known are {', '.join(sorted(known))}",
            )
        rate = float(entry.get("max_miss_rate", 0.05))
        if not 0 < rate < 1:
            raise FieldError(f"{where}.max_miss_rate", f"{rate} is no rate", "use for example 0.02")
        if any(label.code == entry["code"] for label in labels):
            raise FieldError(where, "is given twice", "give each code once")
        labels.append(
            Label(**{**entry, "legal": tuple(entry.get("legal", ())), "max_miss_rate": rate})
        )
    return tuple(labels)
