"""Reports with other greetings, thanks, places and apps: the same matter in another dress."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from data.records import LabelledReport

_MIXED = ("fr", "ary", "ary-Latn", "en")
"""Languages that a code-switched report may greet in."""


@dataclass(frozen=True)
class Dressing:
    """The table of what may surround a report.

    :param before: Openings by language.
    :param after: Endings by language.
    :param likes: By word, the words that may stand in its place.
    :param words: Finds those words.
    """

    before: dict[str, list[str]]
    after: dict[str, list[str]]
    likes: dict[str, list[str]]
    words: re.Pattern[str]

    def dressed(self, record: LabelledReport, rng: np.random.Generator) -> str:
        """Give a report's text in another dress.

        :param record: The report.
        :param rng: Source of chance.
        :return: The text with an opening in three of four cases, an ending in half, and other
            places and apps than its own; as it is where the language has none of these.
        """
        text = self.words.sub(lambda word: self._like(word.group(), rng), record.text)
        language = record.language or ""
        if language == "mul":
            language = _MIXED[rng.integers(len(_MIXED))]
        if language in self.before and rng.random() < 0.75:
            text = f"{_one(self.before[language], rng)}{_gap(rng)}{text}"
        if language in self.after and rng.random() < 0.5:
            text = f"{text}{_gap(rng)}{_one(self.after[language], rng)}"
        return text

    def _like(self, word: str, rng: np.random.Generator) -> str:
        return _one(self.likes[word], rng) if rng.random() < 0.5 else word


@cache
def load_dressing() -> Dressing:
    """Read the table that ships with Farz, once per process."""
    raw = tomllib.loads(files("training").joinpath("dressing.toml").read_text("utf-8"))
    rows = [row for kind in ("places", "apps") for row in raw[kind].values()]
    likes = {word: row for row in rows for word in row}
    longest = sorted(likes, key=len, reverse=True)
    words = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    return Dressing(raw["before"], raw["after"], likes, words)


def dressed_copies(records: Sequence[LabelledReport], seed: int) -> list[str]:
    """Give each record's text in another dress, the same for the same seed."""
    dressing, rng = load_dressing(), np.random.default_rng(seed)
    return [dressing.dressed(record, rng) for record in records]


def _one(of: Sequence[str], rng: np.random.Generator) -> str:
    return of[int(rng.integers(len(of)))]


def _gap(rng: np.random.Generator) -> str:
    """What stands between a greeting and the matter: mostly a blank, at times a line."""
    return "\n" if rng.random() < 0.15 else " "
