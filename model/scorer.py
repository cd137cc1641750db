"""Text in, score out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from data.language import LanguageIdentifier
from data.language.identify import Language
from data.records import Report
from data.taxonomy import Taxonomy
from model.decision import Combined, combine, decide
from model.heads import Heads
from model.novelty import Novelty
from model.pipeline import Pipeline
from model.policy import Policy, hours_old
from model.score import Score
from model.thresholds import Thresholds
from model.times import signs_of_time
from model.windows import windows

DECLARED_LANGUAGE_BELOW = 0.5
"""Below this confidence the language that the intake system declared is believed instead."""

FEW_LETTERS = 12
"""A text of fewer letters shows no language reliably, however sure the identifier is."""


@dataclass(frozen=True)
class Scorer:
    """A loaded model.

    :param version: Version of the bundle.
    :param digest: Digest of the bundle's manifest.
    :param taxonomy: Its labels.
    :param pipeline: Turns texts into features.
    :param heads: Turn features into probabilities.
    :param thresholds: Turn probabilities into decisions.
    :param languages: Identifies languages.
    :param policy: What raises a priority beyond the model's own word.
    :param factors: Correction of the category's odds for other class shares than the trained.
    """

    version: str
    digest: str
    taxonomy: Taxonomy
    pipeline: Pipeline
    heads: Heads
    thresholds: Thresholds
    languages: LanguageIdentifier
    policy: Policy
    factors: NDArray[np.float64] | None = None

    def score(self, reports: Sequence[Report]) -> list[Score]:
        """Score reports; a report's score does not depend on the others beside it.

        All text is read: a long report in overlapping windows, and each quoted message as
        windows of its own.

        :param reports: Checked reports (see ``data.records.check_text``).
        :return: One score a report, in order.
        """
        if not reports:
            return []
        languages = self._languages(reports)
        read = read_reports(
            self.pipeline,
            self.heads,
            self.languages,
            reports,
            languages,
            self.thresholds.novelty,
        )
        return [
            decide(
                combined,
                language,
                self.taxonomy,
                self.thresholds,
                factors=self.factors,
                policy=self.policy,
                signs=self.policy.signs_in((report.text, *report.quoted_content))
                | signs_of_time(
                    "\n".join((report.text, *report.quoted_content)), report.submitted_at
                ),
                hours=hours_old(report),
                version=self.version,
                digest=self.digest,
            )
            for report, combined, language in zip(reports, read, languages, strict=True)
        ]

    def _languages(self, reports: Sequence[Report]) -> list[Language]:
        found = self.languages.identify([report.text for report in reports])
        return [
            Language(report.language, language.script, language.confidence)
            if report.language
            and (
                language.confidence < DECLARED_LANGUAGE_BELOW
                or (language.code != "und" and _few_letters(report.text))
            )
            else language
            for report, language in zip(reports, found, strict=True)
        ]


def read_reports(
    pipeline: Pipeline,
    heads: Heads,
    identifier: LanguageIdentifier,
    reports: Sequence[Report],
    languages: Sequence[Language],
    novelty: Novelty | None = None,
) -> list[Combined]:
    """Give the probabilities of reports: those of their windows and quotes, combined.

    Thresholds are chosen on what this gives, since it is what they will decide about.

    :param pipeline: Turns texts into features.
    :param heads: Turn features into probabilities.
    :param identifier: Identifies the languages of quotes.
    :param reports: Checked reports.
    :param languages: Language of each report's own text.
    :param novelty: Measures how unlike the training data texts are.
    :return: One set of probabilities a report.
    """
    parts: list[str] = []
    codes: list[str] = []
    bounds = [0]
    for report, language in zip(reports, languages, strict=True):
        quoted = identifier.identify(report.quoted_content)
        for text, spoken in zip(
            (report.text, *report.quoted_content), (language, *quoted), strict=True
        ):
            own = windows(text)
            parts += own
            codes += [spoken.code] * len(own)
        bounds.append(len(parts))
    features = pipeline.transform(parts, codes)
    probabilities = heads.probabilities(features.matrix)
    distances = None
    if novelty is not None and parts:
        distances = novelty.distances(pipeline.embedding(features))
    read = []
    for start, end in pairwise(bounds):
        rows = slice(start, end)
        read.append(
            combine(
                {name: p[rows] for name, p in probabilities.items()},
                features.known[rows],
                None if distances is None else distances[rows],
            )
        )
    return read


def _few_letters(text: str) -> bool:
    return len(list(islice(filter(str.isalpha, text), FEW_LETTERS))) < FEW_LETTERS
