"""The explanation of one report's score: the telling words, where they stand, and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.records import Report
from model.explain import Answer, Contributions, contributions
from model.score import Score
from model.scorer import Scorer
from model.windows import window_spans

SHOWN = 12
"""Words shown for one answer, the most telling first."""


@dataclass(frozen=True)
class TellingWord:
    """A word and what it adds.

    :param part: ``text``, or ``quoted_content[N]``.
    :param start: First code point, in that part as the citizen wrote it.
    :param end: One past the last.
    :param contribution: Log-odds that the report loses without it; below 0 it speaks against.
    """

    part: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """Why a score is what it is.

    :param score: The score.
    :param answers: By ``category``, ``priority`` and ``flag:<code>`` (flags that are raised): the
        words, the most telling first.
    """

    score: Score
    answers: Mapping[str, tuple[TellingWord, ...]]

    def as_dict(self) -> dict[str, Any]:
        """Give the explanation in the form of the API, without the id."""
        scored = self.score.as_dict()
        return {
            "model": scored["model"],
            "offsets": "code points",
            "answers": {
                name: [
                    {
                        "part": word.part,
                        "start": word.start,
                        "end": word.end,
                        "contribution": round(word.contribution, 4),
                    }
                    for word in words
                ]
                for name, words in self.answers.items()
            },
            "reasons": scored["priority"]["reasons"] if scored["priority"] else [],
        }


@dataclass(frozen=True)
class _Window:
    part: str
    text: str
    offset: int
    language: str


def explain(scorer: Scorer, report: Report) -> Explanation:
    """Score a report and find the words that made the model answer so.

    Each answer is explained in the window of the report that gave it.

    :param scorer: The model.
    :param report: A checked report.
    :return: The explanation.
    """
    score = scorer.score([report])[0]
    answers = {"category": Answer("category", score.category.label)}
    if score.priority is not None:
        # The model's own word: what the policy table raised has its reason beside it.
        answers["priority"] = Answer("priority", score.priority.own or score.priority.level)
    for code, flag in score.flags.items():
        if flag.raised:
            answers[f"flag:{code}"] = Answer(f"flag:{code}", code)
    windows = _windows(scorer, report, score)
    features = scorer.pipeline.transform(
        [window.text for window in windows], [window.language for window in windows]
    )
    told = scorer.heads.probabilities(features.matrix)
    labels = {head.name: head.labels for head in scorer.heads.heads}
    by_window: dict[int, dict[str, Answer]] = {}
    for name, answer in answers.items():
        place = _deciding(told[answer.head], labels[answer.head].index(answer.label), name)
        by_window.setdefault(place, {})[name] = answer
    found: dict[str, tuple[TellingWord, ...]] = {}
    for place, asked in by_window.items():
        window = windows[place]
        given = contributions(scorer.pipeline, scorer.heads, window.text, window.language, asked)
        for name in asked:
            found[name] = _telling(given, given.values[name], window)
    return Explanation(score, {name: found[name] for name in answers})


def _deciding(told: NDArray[np.float64], column: int, name: str) -> int:
    """Find the window that gave an answer: the most urgent for the priority (see ``combine``)."""
    if name == "priority":
        return int(np.argmin(told @ np.arange(told.shape[1])))
    return int(np.argmax(told[:, column]))


def _windows(scorer: Scorer, report: Report, score: Score) -> list[_Window]:
    quoted = scorer.languages.identify(report.quoted_content)
    parts = [("text", report.text, score.language.code)]
    parts += [
        (f"quoted_content[{number}]", text, language.code)
        for number, (text, language) in enumerate(zip(report.quoted_content, quoted, strict=True))
    ]
    return [
        _Window(part, text[start:end], start, language)
        for part, text, language in parts
        for start, end in window_spans(text)
    ]


def _telling(
    given: Contributions, values: NDArray[np.float64], window: _Window
) -> tuple[TellingWord, ...]:
    order = np.argsort(-np.abs(values), kind="stable")[:SHOWN]
    return tuple(
        TellingWord(
            window.part,
            window.offset + given.words[i].start,
            window.offset + given.words[i].end,
            float(values[i]),
        )
        for i in order
    )
