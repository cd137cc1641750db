"""What a model, or a baseline, says of a labelled data set, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.records import LabelledReport, Report
from data.taxonomy import Taxonomy
from model.score import Score
from model.scorer import Scorer


@dataclass(frozen=True)
class Predictions:
    """One row a record.

    :param category: Probabilities, shape (records, categories).
    :param priority: Place of the proposed level, policy included, shape (records,), or None.
    :param flags: Probabilities by flag code, shape (records,).
    :param raised: Decisions by flag code, shape (records,).
    :param sets: Prediction sets, boolean, shape (records, categories).
    :param triage: Whether a human must look first, shape (records,).
    :param languages: Identified language codes.
    """

    category: NDArray[np.float64]
    priority: NDArray[np.intp] | None
    flags: dict[str, NDArray[np.float64]]
    raised: dict[str, NDArray[np.bool_]]
    sets: NDArray[np.bool_]
    triage: NDArray[np.bool_]
    languages: list[str]

    def at(self, rows: NDArray[np.intp]) -> Predictions:
        """Keep some rows."""
        return Predictions(
            self.category[rows],
            None if self.priority is None else self.priority[rows],
            {code: values[rows] for code, values in self.flags.items()},
            {code: values[rows] for code, values in self.raised.items()},
            self.sets[rows],
            self.triage[rows],
            [self.languages[i] for i in rows],
        )


def predict(scorer: Scorer, records: Sequence[LabelledReport]) -> Predictions:
    """Score records and lay the scores out as arrays."""
    return from_scores(scorer.score([Report(r.text) for r in records]), scorer.taxonomy)


def from_scores(scores: Sequence[Score], taxonomy: Taxonomy) -> Predictions:
    """Lay scores out as arrays."""
    codes, levels = taxonomy.category_codes, taxonomy.priority_codes
    flagged = list(scores[0].flags)
    rated = scores[0].priority is not None
    return Predictions(
        category=np.array([[s.category.probabilities[c] for c in codes] for s in scores]),
        priority=np.array([levels.index(s.priority.level) for s in scores if s.priority])
        if rated
        else None,
        flags={f: np.array([s.flags[f].probability for s in scores]) for f in flagged},
        raised={f: np.array([s.flags[f].raised for s in scores]) for f in flagged},
        sets=np.array([[c in s.category.prediction_set for c in codes] for s in scores]),
        triage=np.array([bool(s.manual_triage_reasons) for s in scores]),
        languages=[s.language.code for s in scores],
    )


def shares_only(shares: dict[str, dict[str, float]], taxonomy: Taxonomy, n: int) -> Predictions:
    """Answer every record with the training shares: the baseline that reads no text.

    It gives the most frequent category and level, and raises no flag.

    :param shares: ``label_shares`` of a bundle's provenance.
    :param taxonomy: Its labels.
    :param n: Number of records.
    """
    category = np.tile([shares["category"][c] for c in taxonomy.category_codes], (n, 1))
    commonest = int(np.argmax([shares["priority"][p] for p in taxonomy.priority_codes] or [0]))
    return Predictions(
        category=category,
        priority=np.full(n, commonest) if taxonomy.priorities else None,
        flags={code: np.full(n, share) for code, share in shares["flags"].items()},
        raised={code: np.zeros(n, dtype=bool) for code in shares["flags"]},
        sets=np.ones((n, len(taxonomy.categories)), dtype=bool),
        triage=np.ones(n, dtype=bool),
        languages=["und"] * n,
    )
