"""Checks of a labelled data set: what a careful reader would look for before training on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from data.normalisation import fold, normalise
from data.records import LabelledReport
from data.splits import near_duplicates
from data.taxonomy import Taxonomy

_HOST = re.compile(
    r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|ma|fr|es|info|io|me|ru|shop|site|online|app)\b", re.I
)
_SAFE_HOST = re.compile(r"(?:^|[.@-])ex(?:ample|empl[eo])", re.I)
_PHONE = re.compile(r"(?<!\d)(?:\+?212|00212|0)[ .-]?[5-8](?:[ .-]?\d){8}(?!\d)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


@dataclass
class CheckReport:
    """What a check found.

    :param counts: Records by language, category, priority, flag and writer.
    :param errors: Findings that make the set unfit for training, each naming its records.
    :param warnings: Findings that a person should look at.
    :param distinct_trigrams: Distinct word 3-grams per 1,000 words, the check against templates.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    distinct_trigrams: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give the report as plain data for JSON."""
        return dict(vars(self))


def check(
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    *,
    against: Sequence[LabelledReport] = (),
    near: float = 0.5,
) -> CheckReport:
    """Check labelled records; their form was checked when they were read.

    :param records: The data set.
    :param taxonomy: The taxonomy that it follows.
    :param against: Records that must stay unseen in training, such as a validation set.
    :param near: Jaccard similarity of 5-character shingles from which two texts count as one.
    :return: Counts, errors and warnings.
    """
    report = CheckReport(counts=count(records, taxonomy))
    texts = [record.text for record in records]
    for text, times in Counter(texts).items():
        if times > 1:
            same = [r.id for r in records if r.text == text]
            report.errors.append(f"duplicate text: {', '.join(same)}")
    for first, second, similarity in near_duplicates([*texts, *(r.text for r in against)], near):
        if first >= len(texts):
            continue
        if second >= len(texts):
            other = against[second - len(texts)]
            report.errors.append(
                f"leak: {records[first].id} is near {other.id} "
                f"of the kept-out set ({similarity:.2f})"
            )
        elif texts[first] != texts[second]:
            report.errors.append(
                f"near-duplicate: {records[first].id} and {records[second].id} ({similarity:.2f})"
            )
    report.errors += shared_wording(records, against)
    report.errors += _real_world(records)
    for record in records:
        if record.flags and not record.evidence and record.source == "authored":
            report.warnings.append(f"evidence: {record.id} is flagged and has none")
    for kind in ("category", "flag", "priority"):
        for label, number in report.counts[kind].items():
            if number < 10:
                report.warnings.append(f"few records: {kind} {label} has {number}")
    report.distinct_trigrams = distinct_trigrams(texts)
    if against:
        wanted = distinct_trigrams(record.text for record in against)
        if abs(report.distinct_trigrams / wanted - 1) > 0.2:
            report.errors.append(
                f"templates: {report.distinct_trigrams:.0f} distinct 3-grams per 1,000 words, "
                f"{wanted:.0f} in the kept-out set; they should be within 20 %"
            )
    return report


def count(records: Iterable[LabelledReport], taxonomy: Taxonomy) -> dict[str, dict[str, int]]:
    """Count records by language, category, priority, flag, writer and awkwardness.

    :param records: Labelled reports.
    :param taxonomy: Its labels are listed even where no record carries them.
    :return: Counts by kind, then by value.
    """
    tally: dict[str, Counter[str]] = {
        "language": Counter(),
        "category": Counter(dict.fromkeys(taxonomy.category_codes, 0)),
        "priority": Counter(dict.fromkeys(taxonomy.priority_codes, 0)),
        "flag": Counter(dict.fromkeys(taxonomy.flag_codes, 0)),
        "writer": Counter(),
        "awkward": Counter(),
    }
    for record in records:
        tally["language"][record.language or "none"] += 1
        tally["category"][record.category] += 1
        tally["priority"][record.priority or "none"] += 1
        tally["flag"].update(record.flags or ())
        tally["writer"][record.writer or "none"] += 1
        if record.awkward:
            tally["awkward"][record.awkward] += 1
    return {kind: dict(counter) for kind, counter in tally.items()}


def distinct_trigrams(texts: Iterable[str]) -> float:
    """Count distinct word 3-grams per 1,000 words; templates drive it down.

    :param texts: Original texts.
    :return: At most 1,000; 0 without words.
    """
    total = 0
    seen: set[tuple[str, ...]] = set()
    for text in texts:
        words = _words(text)
        total += len(words)
        seen.update(zip(words, words[1:], words[2:], strict=False))
    return 1000 * len(seen) / total if total else 0.0


def shared_wording(
    records: Sequence[LabelledReport], against: Sequence[LabelledReport], words: int = 6
) -> list[str]:
    """Find records that share two runs of words with a kept-out text.

    :param records: The data set.
    :param against: The kept-out set.
    :param words: Length of a run, in words.
    :return: One finding a record, naming both ids.
    """
    runs = {run: record.id for record in against for run in _runs(record.text, words)}
    findings = []
    for record in records:
        common = [run for run in _runs(record.text, words) if run in runs]
        if len(common) >= 2:
            findings.append(
                f"leak: {record.id} shares wording with {runs[common[0]]} of the kept-out set"
            )
    return findings


def _runs(text: str, words: int) -> set[tuple[str, ...]]:
    found = _words(text)
    return {tuple(found[i : i + words]) for i in range(len(found) - words + 1)}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(normalise(text).text))


def _real_world(records: Iterable[LabelledReport]) -> list[str]:
    findings = []
    for record in records:
        for pattern, what in ((_HOST, "link"), (_MAIL, "e-mail"), (_PHONE, "full phone number")):
            for match in pattern.finditer(record.text):
                if not _SAFE_HOST.search(match.group()):
                    findings.append(
                        f"{what}: {record.id} may hold a real one; use example.com or mask it"
                    )
    return findings
