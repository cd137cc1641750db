"""Which words made the model say what it says: contributions by occlusion, whole words only.

A word's contribution is what an answer's log-odds, against the mean of the other answers', lose
when the word is taken out. The words' own linear part is computed for every word; the encoder is
asked again for the words that this part, and stretches of text taken out whole, point to: that
lowers the probability as much as asking it for every word does, in a fraction of the time
(``evaluation/results/explanations.json``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.normalisation import normalise
from model.heads import Heads
from model.pipeline import Pipeline
from model.views import ARABIZI

STRETCHES = 6
"""Parts that a text is first cut into; each is taken out whole."""

CANDIDATES = 8
"""Words for which the encoder is asked again."""

MOST_WORDS = 200
"""Units of a text that are taken out one by one; in a longer one, neighbours go together."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Word:
    """One word of the original text.

    :param start: First code point in the original text.
    :param end: One past the last.
    """

    start: int
    end: int


@dataclass(frozen=True)
class Contributions:
    """What each word adds to the log-odds of some answers.

    :param words: Words in the order of the text.
    :param values: By answer, shape (words,): above 0 speaks for it, below 0 against it.
    """

    words: tuple[Word, ...]
    values: Mapping[str, Floats]


@dataclass(frozen=True)
class Answer:
    """An answer to explain.

    :param head: Name of a head.
    :param label: One of its labels.
    """

    head: str
    label: str


def words_of(text: str) -> tuple[Word, ...]:
    """Find the words of a text, as the model reads them.

    Spaced-out or dotted letters that are read as one word are one word here.

    :param text: Original text.
    :return: Words in order, none overlapping another.
    """
    read = normalise(text)
    found: list[Word] = []
    for match in _WORD.finditer(read.text):
        start, end = read.original_span(*match.span())
        if found and start < found[-1].end:
            found[-1] = Word(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Word(start, end))
    return tuple(found)


def without(text: str, words: Sequence[Word]) -> str:
    """Take words, in order, out of a text."""
    pieces, done = [], 0
    for word in words:
        pieces.append(text[done : word.start])
        done = word.end
    return "".join([*pieces, text[done:]])


def contributions(
    pipeline: Pipeline,
    heads: Heads,
    text: str,
    language: str,
    answers: Mapping[str, Answer],
    *,
    candidates: int = CANDIDATES,
) -> Contributions:
    """Compute each word's contribution to some answers.

    :param pipeline: Turns texts into features.
    :param heads: Turn features into log-odds.
    :param text: Original text, one window of a report.
    :param language: Its language code.
    :param answers: What to explain, by a name of the caller's.
    :param candidates: Words for which the encoder is asked again.
    :return: The contributions; no words where the text has none.
    """
    words = _units(words_of(text))
    if not words or not answers:
        return Contributions(words, {name: np.zeros(len(words)) for name in answers})
    asked = _Odds(pipeline, heads, language, answers)
    alone = [without(text, [word]) for word in words]
    values = asked.by_words([text])[0] - asked.by_words(alone)
    if pipeline.encoder is not None and candidates > 0:
        whole = asked.by_all([text])[0]
        # Read twice, Arabizi costs twice: half the questions keep the time.
        room = max(1, candidates // 2) if language == ARABIZI else candidates
        parts = np.array_split(np.arange(len(words)), min(STRETCHES, len(words)))
        lost = whole - asked.by_all([without(text, [words[i] for i in part]) for part in parts])
        hints = values.copy()
        for part, value in zip(parts, lost, strict=True):
            hints[part] += (value - values[part].sum(axis=0)).clip(0) / len(part)
        chosen = _candidates(hints, room)
        values[chosen] = whole - asked.by_all([alone[i] for i in chosen])
    return Contributions(words, {name: values[:, k] for k, name in enumerate(answers)})


def _units(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Join neighbours where a text has too many words: the time grows with their square."""
    if len(words) <= MOST_WORDS:
        return words
    parts = np.array_split(np.arange(len(words)), MOST_WORDS)
    return tuple(Word(words[part[0]].start, words[part[-1]].end) for part in parts)


class _Odds:
    """Log-odds of some answers against the others of their heads."""

    def __init__(
        self, pipeline: Pipeline, heads: Heads, language: str, answers: Mapping[str, Answer]
    ) -> None:
        self.pipeline, self.language = pipeline, language
        by_name = {head.name: head for head in heads.heads}
        rows = []
        for answer in answers.values():
            head = by_name[answer.head]
            row = head.weights[head.labels.index(answer.label)].astype(np.float64)
            if len(head.labels) > 1:
                others = [k for k, label in enumerate(head.labels) if label != answer.label]
                row = row - head.weights[others].mean(axis=0)
            rows.append(row)
        self.weights = np.array(rows).T

    def by_all(self, texts: Sequence[str]) -> Floats:
        """Give the log-odds but for a constant, shape (texts, answers)."""
        features = self.pipeline.transform(texts, [self.language] * len(texts))
        return np.asarray(features.matrix @ self.weights)

    def by_words(self, texts: Sequence[str]) -> Floats:
        """As ``by_all``, the part of the words alone."""
        lexical = self.pipeline.lexical
        return np.asarray(lexical.transform(texts) @ self.weights[-lexical.width :])


def _candidates(hints: Floats, room: int) -> list[int]:
    """Choose words in turn for each answer, the most telling first."""
    order = np.argsort(-np.abs(hints), axis=0, kind="stable")
    chosen = list(dict.fromkeys(order.ravel().tolist()))
    return sorted(chosen[:room])
