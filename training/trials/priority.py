"""Ways to make one priority of the levels' probabilities, before the policy table raises it.

``python -m training.trials.priority --data data/corpus --validation DIR --out FILE
--model BUNDLE``: each with and without the bundle's threshold of the most urgent level, on its
test side ("unseen") and on the validation set. Calibration records chose that threshold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from data.labelled import read_labelled
from model.bundle import load_bundle
from training.fit import truth_of
from training.trials.calibration import Floats, probabilities_of
from training.trials.command import arguments, write

Levels = NDArray[np.intp]


def _likeliest(told: Floats) -> Levels:
    return np.asarray(told.argmax(axis=1))


def _nearest_the_mean(told: Floats) -> Levels:
    return np.rint(told @ np.arange(told.shape[1])).astype(np.intp)


def _median(told: Floats) -> Levels:
    return np.asarray((told.cumsum(axis=1) < 0.5).sum(axis=1))


WAYS: dict[str, Callable[[Floats], Levels]] = {
    "likeliest": _likeliest,
    "nearest the mean": _nearest_the_mean,
    "median": _median,
}


def main() -> None:
    """Run all trials and write them as JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", type=Path, required=True)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    _, parts = load_bundle(extra.model)
    records = read_labelled(given.data, parts.taxonomy)
    sides = {
        "unseen": [r for r in records if r.id in {*parts.splits["test"]}],
        "validation": read_labelled([given.validation], parts.taxonomy),
    }
    told = {side: probabilities_of(parts, own)["priority"] for side, own in sides.items()}
    truth = {side: truth_of(own, parts.taxonomy)["priority"] for side, own in sides.items()}
    urgent = parts.thresholds.urgent
    rows = []
    for name, way in WAYS.items():
        for threshold in (None, urgent.threshold if urgent else None):
            row: dict[str, object] = {
                "name": name if threshold is None else f"{name}, urgent from a threshold"
            }
            for side, own in told.items():
                levels = way(own)
                if threshold is not None:
                    levels = np.where(own[:, 0] >= threshold, 0, levels)
                row[side] = _measures(levels, truth[side])
            rows.append(row)
    write(
        given,
        "One priority of the levels' probabilities",
        rows,
        records=len(sides["unseen"]),
        validation_records=len(sides["validation"]),
    )


def _measures(levels: Levels, truth: NDArray[np.int64]) -> dict[str, float]:
    first = truth == 0
    return {
        "kappa": float(cohen_kappa_score(truth, levels, weights="quadratic")),
        "accuracy": float((levels == truth).mean()),
        "P1 recall": float((levels[first] == 0).mean()),
        "P1 false-positive rate": float((levels[~first] == 0).mean()),
    }


if __name__ == "__main__":
    main()
