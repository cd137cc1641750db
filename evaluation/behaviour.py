"""Whether a score stays where a report's meaning does, and moves where it does.

Invariance and directional tests in the sense of CheckList (Ribeiro et al. 2020).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from data.records import LabelledReport
from evaluation.predictions import Predictions, predict
from model.scorer import Scorer

Change = Callable[[LabelledReport], str | None]
"""Gives a report's changed text, or None where it has nothing to change."""


@dataclass(frozen=True)
class Addition:
    """A sentence after which a flag must be more probable.

    :param name: What it adds.
    :param flag: The flag.
    :param categories: Categories of the reports that it is added to.
    :param sentences: By language.
    """

    name: str
    flag: str
    categories: tuple[str, ...]
    sentences: Mapping[str, str]


@cache
def load_swaps() -> dict[str, Any]:
    """Read the table of swaps and additions."""
    return tomllib.loads(files("evaluation").joinpath("swaps.toml").read_text("utf-8"))


def invariances() -> dict[str, Change]:
    """Give the changes that must not move a score, by name."""
    table = load_swaps()
    found = {name: _swapped([*rows.values()]) for name, rows in table["same"].items()}
    for name, by_language in table["pairs"].items():
        found[name] = _paired(by_language)
    for name, by_language in table["around"].items():
        found[name] = _surrounded(by_language)
    return found


def additions() -> list[Addition]:
    """Give the sentences after which a score must rise."""
    return [
        Addition(
            name,
            row["flag"],
            tuple(row["categories"]),
            {k: v for k, v in row.items() if k not in ("flag", "categories")},
        )
        for name, row in load_swaps()["rises"].items()
    ]


def behaviour(scorer: Scorer, records: Sequence[LabelledReport]) -> dict[str, Any]:
    """Score reports as they are and changed.

    :param scorer: The model.
    :param records: Labelled reports.
    :return: ``invariance``: by change, its number of reports, the share whose category, priority
        or raised flags changed, and the median and 95th percentile of how far the most moved
        probability of a report went. ``direction``: by addition, its number of reports, the share
        in which the flag became more probable, and the share that raised it before and after, and
        the share whose priority became less urgent.
    """
    plain = predict(scorer, records)
    kept = {}
    for name, change in invariances().items():
        pairs = [(n, text) for n, r in enumerate(records) if (text := change(r)) is not None]
        if pairs:
            rows, after = _scored(scorer, records, pairs)
            kept[name] = _moved(plain.at(rows), after)
    rising = {}
    for addition in additions():
        if addition.flag not in plain.flags:
            continue
        pairs = [
            (n, r.text + addition.sentences[r.language or ""])
            for n, r in enumerate(records)
            if r.category in addition.categories
            and (r.language or "") in addition.sentences
            and addition.flag not in (r.flags or ())
        ]
        if pairs:
            rows, after = _scored(scorer, records, pairs)
            rising[addition.name] = _risen(plain.at(rows), after, addition.flag)
    return {"invariance": kept, "direction": rising}


def _scored(
    scorer: Scorer, records: Sequence[LabelledReport], pairs: Sequence[tuple[int, str]]
) -> tuple[Any, Predictions]:
    changed = [replace(records[n], text=text) for n, text in pairs]
    return np.array([n for n, _ in pairs]), predict(scorer, changed)


def _moved(before: Predictions, after: Predictions) -> dict[str, Any]:
    steps = [np.abs(before.category - after.category).max(axis=1)]
    steps += [np.abs(before.flags[code] - after.flags[code]) for code in before.flags]
    furthest = np.max(steps, axis=0)
    told: dict[str, Any] = {
        "n": len(furthest),
        "median": float(np.median(furthest)),
        "95th percentile": float(np.quantile(furthest, 0.95)),
        "category changed": float(
            (before.category.argmax(axis=1) != after.category.argmax(axis=1)).mean()
        ),
    }
    if before.priority is not None and after.priority is not None:
        told["priority changed"] = float((before.priority != after.priority).mean())
    flipped = [before.raised[code] != after.raised[code] for code in before.raised]
    if flipped:
        told["a flag changed"] = float(np.any(flipped, axis=0).mean())
    return told


def _risen(before: Predictions, after: Predictions, flag: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "flag": flag,
        "n": len(after.category),
        "more probable": float((after.flags[flag] > before.flags[flag]).mean()),
        "raised before": float(before.raised[flag].mean()),
        "raised after": float(after.raised[flag].mean()),
    }
    if before.priority is not None and after.priority is not None:
        told["less urgent"] = float((after.priority > before.priority).mean())
    return told


def _swapped(rows: Sequence[Sequence[str]]) -> Change:
    """Put the next word of a row in the place of each of its words."""
    others = {word: row[(n + 1) % len(row)] for row in rows for n, word in enumerate(row)}
    pattern = _words(others)

    def change(record: LabelledReport) -> str | None:
        text = pattern.sub(lambda found: others[found.group()], record.text)
        return text if text != record.text else None

    return change


def _paired(by_language: Mapping[str, Sequence[Sequence[str]]]) -> Change:
    tables = {}
    for language, pairs in by_language.items():
        others = _both_ways(pairs)
        tables[language] = (_words(others), others)

    def change(record: LabelledReport) -> str | None:
        if record.language not in tables:
            return None
        pattern, others = tables[record.language]
        text = pattern.sub(lambda found: others[found.group()], record.text)
        return text if text != record.text else None

    return change


def _both_ways(pairs: Sequence[Sequence[str]]) -> dict[str, str]:
    """Give each word's counterpart; a word of several pairs has that of the first."""
    others: dict[str, str] = {}
    for one, two in pairs:
        others.setdefault(one, two)
        others.setdefault(two, one)
    return others


def _surrounded(by_language: Mapping[str, Sequence[str]]) -> Change:
    def change(record: LabelledReport) -> str | None:
        if (record.language or "") not in by_language:
            return None
        before, after = by_language[record.language or ""]
        return before + record.text + after

    return change


def _words(words: Mapping[str, str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
