"""From probabilities to a proposal: prediction sets, flags, and when to say "I do not know"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.language.identify import Language
from data.taxonomy import Taxonomy
from model.policy import NO_POLICY, Evidence, Policy
from model.score import CategoryScore, FlagScore, PriorityScore, Reason, Score
from model.shares import corrected
from model.thresholds import Thresholds

MAX_PREDICTION_SET = 3
"""A larger prediction set sends the report to manual triage."""


@dataclass(frozen=True)
class Combined:
    """The probabilities of one report, its windows combined.

    :param category: Shape (categories,).
    :param priority: Shape (levels,), or None.
    :param flags: By flag code.
    :param known: Whether any part of the report has a feature that the model knows.
    :param distance: From the training data, of the part nearest to it; None if not measured.
    """

    category: NDArray[np.float64]
    priority: NDArray[np.float64] | None
    flags: Mapping[str, float]
    known: bool
    distance: float | None = None


def combine(
    probabilities: Mapping[str, NDArray[np.float64]],
    known: NDArray[np.bool_],
    distances: NDArray[np.float64] | None = None,
) -> Combined:
    """Combine the windows of one report.

    A flag is as probable as in its most telling window. The priority is that of the most
    urgent window, by expected level: a threat after three pages of preamble is a threat.
    The category is the mean over windows, each weighted by its own certainty, so that a
    window of small talk does not drown the one that matters.

    :param probabilities: By head name, shape (windows, labels).
    :param known: Whether each window has a known feature, shape (windows,).
    :param distances: How unlike the training data each window is, shape (windows,).
    :return: One set of probabilities.
    """
    category = probabilities["category"]
    certainty = category.max(axis=1) - 1 / category.shape[1] + 1e-9
    priority = probabilities.get("priority")
    if priority is not None:
        expected = priority @ np.arange(priority.shape[1])
        priority = priority[int(np.argmin(expected))]
    return Combined(
        category=np.average(category, axis=0, weights=certainty),
        priority=priority,
        flags={
            name.removeprefix("flag:"): float(values.max())
            for name, values in probabilities.items()
            if name.startswith("flag:")
        },
        known=bool(known.any()),
        distance=None if distances is None else float(distances.min()),
    )


def decide(
    combined: Combined,
    language: Language,
    taxonomy: Taxonomy,
    thresholds: Thresholds,
    *,
    version: str,
    digest: str,
    factors: NDArray[np.float64] | None = None,
    policy: Policy = NO_POLICY,
    signs: frozenset[str] = frozenset(),
    hours: float | None = None,
) -> Score:
    """Turn probabilities into a score.

    :param combined: Probabilities of one report.
    :param language: Its language.
    :param taxonomy: The model's taxonomy.
    :param thresholds: The model's thresholds.
    :param version: The model's version.
    :param digest: The model's digest.
    :param factors: Correction of the category's odds for other class shares. The prediction set
        is chosen without it: its promise is for each category, whatever their shares.
    :param policy: What raises the priority.
    :param signs: Signs that the report's text holds.
    :param hours: Age of the matter when it was reported, if known.
    :return: The score.
    """
    codes = taxonomy.category_codes
    category = combined.category if factors is None else corrected(combined.category, factors)
    order = np.argsort(-category, kind="stable")
    inside = [i for i in order if combined.category[i] >= thresholds.category.thresholds[i]]
    best = int(order[0])
    if best not in inside:
        inside.insert(0, best)
    reasons = []
    if language.code == "und":
        reasons.append("unsupported_language")
    if not combined.known:
        reasons.append("no_known_words")
    novelty = thresholds.novelty
    if novelty and combined.distance is not None and combined.distance > novelty.threshold:
        reasons.append("unlike_training_data")
    if len(inside) > MAX_PREDICTION_SET:
        reasons.append("uncertain_category")
    priority = None
    if combined.priority is not None:
        levels = dict(zip(taxonomy.priority_codes, map(float, combined.priority), strict=True))
        evidence = Evidence(codes[best], combined.flags, signs, hours)
        own = taxonomy.priority_codes[_median(combined.priority)]
        first = taxonomy.priority_codes[0]
        possible: tuple[Reason, ...] = ()
        if thresholds.urgent is not None and levels[first] >= thresholds.urgent.threshold:
            possible = (policy.urgent,) if policy.urgent and own != first else ()
            own = first
        level, why = policy.judge(own, taxonomy.priority_codes, evidence)
        priority = PriorityScore(level, levels, (*possible, *why), own)
    bars = {code: thresholds.flags[code].at(language.code) for code in combined.flags}
    return Score(
        model_version=version,
        model_digest=digest,
        language=language,
        category=CategoryScore(
            label=codes[best],
            probability=float(category[best]),
            probabilities=dict(zip(codes, map(float, category), strict=True)),
            prediction_set=tuple(codes[i] for i in inside),
        ),
        priority=priority,
        flags={
            code: FlagScore(value, value >= bars[code], bars[code])
            for code, value in combined.flags.items()
        },
        manual_triage_reasons=tuple(reasons),
    )


def _median(probabilities: NDArray[np.float64]) -> int:
    """Give the level that is as likely too urgent as not urgent enough.

    Levels have an order: of all, this one is the fewest levels away from the truth on average.
    """
    return int(np.searchsorted(probabilities.cumsum(), 0.5 * probabilities.sum()))
