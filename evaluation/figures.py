"""All figures of one set of predictions, each with its interval and number of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from evaluation import metrics
from evaluation.predictions import Predictions

Figure = dict[str, Any]
LENGTHS = (
    (0, 15, "up to 15 words"),
    (16, 40, "16 to 40"),
    (41, 80, "41 to 80"),
    (81, 10**9, "81 and more"),
)


def figures(
    records: Sequence[LabelledReport], predictions: Predictions, taxonomy: Taxonomy, seed: int
) -> dict[str, Figure]:
    """Compute every figure over some records.

    :param records: The truth.
    :param predictions: One row a record.
    :param taxonomy: Labels in order.
    :param seed: Seed of the bootstrap.
    :return: By name: ``value``, ``low`` and ``high`` (95 % bootstrap interval), ``n`` (for a
        recall the true ones, for a false-positive rate the others). Undefined ones are left out.
    """
    codes = taxonomy.category_codes
    truth = np.array([codes.index(r.category) for r in records])
    best = predictions.category.argmax(axis=1)
    correct = best == truth
    held = predictions.sets[np.arange(len(truth)), truth]
    found: dict[str, Figure] = {}

    def add(
        name: str, statistic: Callable[..., float], *arrays: NDArray[Any], n: int | None = None
    ) -> None:
        value = statistic(*arrays)
        if np.isfinite(value):
            bounds = metrics.interval(statistic, arrays, seed=seed)
            low, high = bounds if bounds else (None, None)
            found[name] = {"value": value, "low": low, "high": high, "n": n or len(arrays[0])}

    add("category macro-F1", metrics.macro_f1, truth, best)
    add("category accuracy", metrics.accuracy, truth, best)
    add(
        "category calibration error",
        metrics.calibration_error,
        predictions.category.max(axis=1),
        correct,
    )
    add("prediction set coverage", _mean, held)
    add("prediction set size", _mean, predictions.sets.sum(axis=1))
    add("manual triage rate", _mean, predictions.triage)
    rated = np.array([r.priority is not None for r in records])
    if predictions.priority is not None and rated.any():
        levels = taxonomy.priority_codes
        level = np.array([levels.index(r.priority) for r in records if r.priority])
        given = predictions.priority[rated]
        add("priority kappa", metrics.quadratic_kappa, level, given)
        add("priority accuracy", metrics.accuracy, level, given)
        top = level == 0
        add(f"{levels[0]} recall", metrics.recall, top, given == 0, n=int(top.sum()))
        add(
            f"{levels[0]} false-positive rate",
            metrics.false_positive_rate,
            top,
            given == 0,
            n=int((~top).sum()),
        )
    flagged = np.array([r.flags is not None for r in records])
    for code, raised in predictions.raised.items():
        if flagged.any():
            carries = np.array([code in (r.flags or ()) for r in records])[flagged]
            own, probable = raised[flagged], predictions.flags[code][flagged]
            n = int(carries.sum())
            add(f"{code} recall", metrics.recall, carries, own, n=n)
            add(
                f"{code} false-positive rate",
                metrics.false_positive_rate,
                carries,
                own,
                n=len(carries) - n,
            )
            add(f"{code} average precision", metrics.average_precision, carries, probable, n=n)
    told = np.array([r.language is not None for r in records])
    if told.any():
        same = np.array(
            [r.language == code for r, code in zip(records, predictions.languages, strict=True)]
        )
        add("language accuracy", _mean, same[told])
    return found


def by_category(
    records: Sequence[LabelledReport], predictions: Predictions, taxonomy: Taxonomy, seed: int
) -> dict[str, dict[str, Figure]]:
    """Compute precision, recall and F1 of each category that occurs.

    :return: By category code, then by figure name.
    """
    codes = taxonomy.category_codes
    truth = np.array([codes.index(r.category) for r in records])
    best = predictions.category.argmax(axis=1)
    table: dict[str, dict[str, Figure]] = {}
    for index, code in enumerate(codes):
        is_true, is_given = truth == index, best == index
        if not is_true.any():
            continue
        row: dict[str, Figure] = {}
        for name, statistic in (("precision", _precision), ("recall", metrics.recall), ("F1", _f1)):
            value = statistic(is_true, is_given)
            bounds = metrics.interval(statistic, (is_true, is_given), resamples=500, seed=seed)
            low, high = bounds if bounds else (None, None)
            row[name] = {
                "value": value if np.isfinite(value) else None,
                "low": low,
                "high": high,
                "n": int(is_true.sum()),
            }
        table[code] = row
    return table


def slices(records: Sequence[LabelledReport]) -> dict[str, dict[str, NDArray[np.intp]]]:
    """Group records by language and by length.

    :return: By kind of slice, then by its name: row numbers. Empty slices are left out.
    """
    languages = sorted({r.language for r in records if r.language})
    lengths = [len(r.text.split()) for r in records]
    found: dict[str, dict[str, NDArray[np.intp]]] = {
        "language": {
            code: np.flatnonzero([r.language == code for r in records]) for code in languages
        },
        "length": {
            name: np.flatnonzero([low <= n <= high for n in lengths]) for low, high, name in LENGTHS
        },
    }
    return {
        kind: {name: rows for name, rows in named.items() if len(rows)}
        for kind, named in found.items()
    }


def confusion(
    records: Sequence[LabelledReport], predictions: Predictions, taxonomy: Taxonomy
) -> list[list[int]]:
    """Count records by true (row) and proposed (column) category."""
    codes = taxonomy.category_codes
    table = np.zeros((len(codes), len(codes)), dtype=int)
    truth = [codes.index(r.category) for r in records]
    np.add.at(table, (truth, predictions.category.argmax(axis=1)), 1)
    return [[int(cell) for cell in row] for row in table]


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values))


def _precision(truth: metrics.Bools, given: metrics.Bools) -> float:
    return float(truth[given].mean()) if given.any() else float("nan")


def _f1(truth: metrics.Bools, given: metrics.Bools) -> float:
    both, total = int((truth & given).sum()), int(truth.sum() + given.sum())
    return 2 * both / total if total else float("nan")
