"""Figures as pure functions of truth and prediction.

They equal scikit-learn's (a test compares them) and are written out for the bootstrap, which
computes each of them a thousand times for every slice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.intp]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def macro_f1(truth: Integers, predicted: Integers) -> float:
    """Mean F1 over the classes that occur in the truth.

    A class that is predicted and never true costs the others precision, and has no F1 itself.
    """
    table = _counts(truth, predicted)
    actual, given = table.sum(axis=1), table.sum(axis=0)
    present = actual > 0
    return float(np.mean(2 * table.diagonal()[present] / (actual + given)[present]))


def accuracy(truth: Integers, predicted: Integers) -> float:
    """Share of correct predictions."""
    return float(np.mean(truth == predicted))


def quadratic_kappa(truth: Integers, predicted: Integers) -> float:
    """Cohen's kappa with quadratic weights (Cohen 1968); 0 where no disagreement is possible."""
    table = _counts(truth, predicted)
    levels = np.arange(len(table))
    penalty = (levels[:, None] - levels) ** 2
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(truth)
    expected = float((penalty * by_chance).sum())
    return 1 - float((penalty * table).sum()) / expected if expected else 0.0


def recall(truth: Bools, predicted: Bools) -> float:
    """Share of the true that is found; NaN where nothing is true."""
    return float(predicted[truth].mean()) if truth.any() else float("nan")


def false_positive_rate(truth: Bools, predicted: Bools) -> float:
    """Share of the untrue that is raised; NaN where everything is true."""
    return float(predicted[~truth].mean()) if not truth.all() else float("nan")


def average_precision(truth: Bools, probabilities: Floats) -> float:
    """Area under the precision-recall curve, by steps; NaN where nothing is true."""
    if not truth.any():
        return float("nan")
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(truth[order])
    # Equal probabilities are one step: only the last of each run counts.
    last = np.append(np.diff(probabilities[order]) != 0, True)
    precision = hits[last] / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(hits[last], prepend=0) * precision) / hits[-1])


def calibration_error(confidence: Floats, correct: Bools, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count (Naeini et al. 2015).

    :param confidence: Probability of the predicted label, shape (records,).
    :param correct: Whether the prediction was right, shape (records,).
    :param bins: Number of bins.
    :return: Mean distance between confidence and accuracy, weighted by bin size.
    """
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(confidence[p].mean() - correct[p].mean()) * len(p) for p in parts]
    return float(sum(gaps) / len(order))


def interval(
    statistic: Callable[..., float],
    arrays: Sequence[NDArray[np.generic]],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of a statistic of paired arrays (Efron 1979).

    Resamples in which the statistic is undefined (no positive drawn) are left out.

    :param statistic: Function of the arrays.
    :param arrays: Paired arrays, one entry a record.
    :param resamples: Number of resamples.
    :param level: Coverage of the interval.
    :param seed: Seed of the draws.
    :return: Low and high end, or None with fewer than two records.
    """
    n = len(arrays[0])
    if n < 2:
        return None
    draws = np.random.default_rng(seed).integers(0, n, size=(resamples, n))
    values = np.array([statistic(*(array[draw] for array in arrays)) for draw in draws])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _counts(truth: Integers, predicted: Integers) -> NDArray[np.intp]:
    size = int(max(truth.max(), predicted.max())) + 1
    return np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size)
