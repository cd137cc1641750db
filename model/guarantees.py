"""Thresholds chosen on calibration data under a stated guarantee."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

LANGUAGE_GROUPS = (("fr", "en", "es"), ("ar", "ary"), ("ary-Latn", "mul"))
"""Languages that are promised a miss rate together: no single one has positives enough."""

LEAST_POSITIVES = 50
"""A group of languages with fewer positives is promised nothing of its own."""


@dataclass(frozen=True)
class GroupThreshold:
    """A flag's threshold in a group of languages; fields as in ``FlagThreshold``.

    :param languages: Codes of the group.
    :param threshold: Never above the flag's own: both promises hold.
    """

    languages: tuple[str, ...]
    threshold: float
    positives: int
    missed: int
    false_positive_rate: float
    holds: bool


@dataclass(frozen=True)
class FlagThreshold:
    """A flag's threshold and the promise that it was chosen under.

    :param threshold: The flag is raised at this probability or above.
    :param max_miss_rate: The target.
    :param positives: Calibration records that carry the flag (n).
    :param missed: How many of them fall below the threshold.
    :param false_positive_rate: Share of calibration records without the flag that raise it.
    :param holds: Whether the data suffice to promise the target.
    :param groups: Thresholds of the groups of languages that are promised the target too.
    """

    threshold: float
    max_miss_rate: float
    positives: int
    missed: int
    false_positive_rate: float
    holds: bool
    groups: tuple[GroupThreshold, ...] = ()

    def at(self, language: str) -> float:
        """Give the threshold of reports in a language."""
        for group in self.groups:
            if language in group.languages:
                return group.threshold
        return self.threshold


def flag_threshold(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], max_miss_rate: float
) -> FlagThreshold:
    """Choose the highest threshold whose expected miss rate is within the target.

    Conformal risk control (Angelopoulos et al. 2022) for the 0/1 loss "a true flag is missed":
    with k misses among n positives the expected miss rate on exchangeable reports is at most
    (k + 1) / (n + 1). With fewer than 1/target - 1 positives nothing can be promised: the
    threshold then lets no calibration positive through unraised, and ``holds`` is False.

    :param probabilities: The flag's probability of each calibration record.
    :param truth: Whether each record carries the flag.
    :param max_miss_rate: Target, above 0 and below 1.
    :return: The threshold with its figures; without any positive, 0.5 and no promise.
    :raises ValueError: If the arrays differ in length.
    """
    if probabilities.shape != truth.shape:
        raise ValueError(f"{probabilities.shape} probabilities for {truth.shape} truths")
    positives = np.sort(probabilities[truth])
    n = len(positives)
    allowed = math.floor(max_miss_rate * (n + 1) + 1e-9) - 1
    threshold = float(positives[max(allowed, 0)]) if n else 0.5
    negatives = probabilities[~truth]
    return FlagThreshold(
        threshold=threshold,
        max_miss_rate=max_miss_rate,
        positives=n,
        missed=int(np.sum(positives < threshold)),
        false_positive_rate=float(np.mean(negatives >= threshold)) if len(negatives) else 0.0,
        holds=allowed >= 0,
    )


def flag_thresholds(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.bool_],
    languages: Sequence[str],
    max_miss_rate: float,
) -> FlagThreshold:
    """Choose a flag's threshold, and a lower one for languages that it would serve worse.

    In a group of languages the threshold is the lower of its own and that of all records, so that
    the expected miss rate is within the target in the group and over all reports alike.

    :param probabilities: The flag's probability of each calibration record.
    :param truth: Whether each record carries the flag.
    :param languages: Language of each record, as identified when it is served.
    :param max_miss_rate: Target, above 0 and below 1.
    :return: The threshold with a group for each of ``LANGUAGE_GROUPS`` that has at least
        ``LEAST_POSITIVES`` positives. Its misses and false positives are those of all records
        under the thresholds that they meet.
    :raises ValueError: If the arrays differ in length.
    """
    overall = flag_threshold(probabilities, truth, max_miss_rate)
    spoken = np.array(languages)
    met = np.full(len(truth), overall.threshold)
    groups = []
    for members in LANGUAGE_GROUPS:
        inside = np.isin(spoken, members)
        if int(truth[inside].sum()) < LEAST_POSITIVES:
            continue
        own = flag_threshold(probabilities[inside], truth[inside], max_miss_rate)
        threshold = min(own.threshold, overall.threshold)
        raised = probabilities[inside] >= threshold
        false, others = raised[~truth[inside]], int((~truth[inside]).sum())
        met[inside] = threshold
        groups.append(
            GroupThreshold(
                languages=members,
                threshold=threshold,
                positives=own.positives,
                missed=int((~raised[truth[inside]]).sum()),
                false_positive_rate=float(false.mean()) if others else 0.0,
                holds=own.holds,
            )
        )
    raised = probabilities >= met
    return replace(
        overall,
        missed=int((~raised[truth]).sum()),
        false_positive_rate=float(raised[~truth].mean()) if not truth.all() else 0.0,
        groups=tuple(groups),
    )


URGENT_MISS_RATE = 0.05
"""Once no more urgent reports than this are missed, no more review is spent."""


@dataclass(frozen=True)
class UrgentThreshold:
    """From which probability a report is put in the most urgent level.

    :param threshold: That probability.
    :param review_cost: The target: the share of less urgent reports that may be put there.
    :param less_urgent: Calibration records that are less urgent (n).
    :param cost: The share of them that is put there.
    :param urgent: Calibration records of the most urgent level.
    :param recall: The share of them that is put there; the policy table raises more.
    """

    threshold: float
    review_cost: float
    less_urgent: int
    cost: float
    urgent: int
    recall: float


def urgent_threshold(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], review_cost: float
) -> UrgentThreshold:
    """Choose the lowest threshold whose expected review cost is within the target.

    Conformal risk control as in ``flag_threshold``, of the other error: what officers spend on
    reports that need not be read first. A missed urgent report costs far more than an hour, so
    the budget is spent until the expected share of missed ones is within ``URGENT_MISS_RATE``.

    :param probabilities: Of the most urgent level, one a calibration record.
    :param truth: Whether each record is of that level.
    :param review_cost: Target, from 0 to 1.
    :return: The threshold with its figures; never above 0.5, where the level is likelier than not.
    :raises ValueError: If the arrays differ in length.
    """
    if probabilities.shape != truth.shape:
        raise ValueError(f"{probabilities.shape} probabilities for {truth.shape} truths")
    others = np.sort(probabilities[~truth])[::-1]
    n = len(others)
    allowed = math.floor(review_cost * (n + 1) + 1e-9) - 1
    if allowed < 0:
        threshold = 0.5
    elif allowed >= n:
        threshold = 0.0
    else:
        threshold = float(np.nextafter(others[allowed], 1.0))
    if truth.any():
        enough = flag_threshold(probabilities, truth, URGENT_MISS_RATE).threshold
        threshold = max(threshold, enough)
    threshold = min(threshold, 0.5)
    return UrgentThreshold(
        threshold=threshold,
        review_cost=review_cost,
        less_urgent=n,
        cost=float(np.mean(others >= threshold)) if n else 0.0,
        urgent=int(truth.sum()),
        recall=float(np.mean(probabilities[truth] >= threshold)) if truth.any() else 0.0,
    )


@dataclass(frozen=True)
class SetThreshold:
    """The lowest probability at which a label enters the prediction set.

    :param thresholds: One per label, in the head's order.
    :param coverage: The target share of sets that hold the truth.
    :param counts: Calibration records of each label.
    """

    thresholds: tuple[float, ...]
    coverage: float
    counts: tuple[int, ...]


def set_threshold(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp], coverage: float = 0.95
) -> SetThreshold:
    """Choose per-label thresholds so that the set holds the truth as often as promised.

    Class-conditional split conformal prediction (Vovk 2012) with the probability of the
    true label as its score. A label with fewer than coverage / (1 - coverage) records
    borrows the lower of its own minimum and the marginal threshold.

    :param probabilities: Shape (records, labels).
    :param truth: Index of each record's label.
    :param coverage: Target, above 0 and below 1.
    :return: Thresholds with their target and counts.
    :raises ValueError: If there is no record.
    """
    if not len(truth):
        raise ValueError("no calibration record; give at least one for each label")
    own = probabilities[np.arange(len(truth)), truth]
    marginal = _lower_quantile(own, coverage)
    thresholds, counts = [], []
    for label in range(probabilities.shape[1]):
        scores = own[truth == label]
        counts.append(len(scores))
        if math.floor((1 - coverage) * (len(scores) + 1) + 1e-9) >= 1:
            thresholds.append(_lower_quantile(scores, coverage))
        else:
            thresholds.append(min([marginal, *scores.tolist()]))
    return SetThreshold(tuple(thresholds), coverage, tuple(counts))


def _lower_quantile(scores: NDArray[np.float64], coverage: float) -> float:
    rank = math.floor((1 - coverage) * (len(scores) + 1) + 1e-9)
    return 0.0 if rank < 1 else float(np.sort(scores)[rank - 1])
