"""Ways to calibrate the heads' probabilities, each fitted on half of the calibration side.

``python -m training.trials.calibration --data data/corpus --validation DIR --out FILE
--model BUNDLE``: the mean over six halves, drawn by situation, of what each way leaves on the
other half and the test side together ("unseen"), and on the validation set. A score is calibrated
in the form that it is served in, its windows combined.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from data.labelled import read_labelled
from data.language import load_identifier
from data.records import LabelledReport, Report
from data.splits import groups
from model.bundle import Parts, load_bundle
from model.scorer import read_reports
from training.fit import truth_of
from training.trials.command import arguments, write

HALVES = 6
BINS = 10
_LEAST = 1e-6
Floats = NDArray[np.float64]
Binary = Callable[[Floats, NDArray[np.bool_]], Callable[[Floats], Floats]]
Fit = Callable[[Floats, NDArray[np.int64]], Callable[[Floats], Floats]]
"""From probabilities, shape (records, labels), and the place of each truth, to a map of them."""


def main() -> None:
    """Run all trials and write them as JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", type=Path, required=True)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    _, parts = load_bundle(extra.model)
    records = read_labelled(given.data, parts.taxonomy)
    calibration, test = (
        [r for r in records if r.id in {*parts.splits[side]}] for side in ("calibration", "test")
    )
    validation = read_labelled([given.validation], parts.taxonomy)
    told = [probabilities_of(parts, own) for own in (calibration, test, validation)]
    truths = [truth_of(own, parts.taxonomy) for own in (calibration, test, validation)]
    situations = np.array(groups(calibration))
    rows = []
    for head in told[0]:
        for name, fit in WAYS.items():
            unseen, kept = _tried(
                fit, [own[head] for own in told], [own[head] for own in truths], situations
            )
            rows.append({"name": f"{head}, {name}", "unseen": unseen, "validation": kept})
            print(rows[-1], flush=True)  # noqa: T201
    write(
        given,
        "Calibration of the released heads: error over 10 bins of equal count, and log loss",
        rows,
        records=len(calibration),
        validation_records=len(validation),
    )


def probabilities_of(parts: Parts, records: Sequence[LabelledReport]) -> dict[str, Floats]:
    """Give each head's probabilities of reports as they are served, shape (reports, labels)."""
    identifier = load_identifier()
    reports = [Report(r.text) for r in records]
    languages = identifier.identify([r.text for r in records])
    read = read_reports(parts.pipeline, parts.heads, identifier, reports, languages)
    told = {"category": np.array([combined.category for combined in read])}
    if all(combined.priority is not None for combined in read):
        told["priority"] = np.array([combined.priority for combined in read])
    for code in read[0].flags:
        raised = np.array([combined.flags[code] for combined in read])
        told[f"flag:{code}"] = np.column_stack([1 - raised, raised])
    return told


def _tried(
    fit: Fit, told: list[Floats], truths: list[NDArray[np.int64]], situations: NDArray[np.int64]
) -> tuple[dict[str, float], dict[str, float]]:
    """Give error and log loss on unseen and on validation records, averaged over halves."""
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    numbers = np.unique(situations)
    for seed in range(HALVES):
        drawn = np.random.default_rng(seed).permutation(numbers)[: len(numbers) // 2]
        half = np.isin(situations, drawn)
        mapped = fit(told[0][half], truths[0][half])
        unseen = np.vstack([told[0][~half], told[1]])
        found[0].append(_measures(mapped(unseen), np.concatenate([truths[0][~half], truths[1]])))
        found[1].append(_measures(mapped(told[2]), truths[2]))
    one, two = (
        dict(zip(("error", "log loss"), np.mean(f, axis=0).round(4).tolist(), strict=True))
        for f in found
    )
    return one, two


def _measures(probabilities: Floats, truth: NDArray[np.int64]) -> list[float]:
    """Give the calibration error of the likeliest label, or of raising a flag, and the loss."""
    known = truth >= 0
    probabilities, truth = probabilities[known], truth[known]
    own = probabilities[np.arange(len(truth)), truth]
    if probabilities.shape[1] == 2:
        confidence, correct = probabilities[:, 1], truth == 1
    else:
        confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(confidence[part].mean() - correct[part].mean()) * len(part)
        for part in np.array_split(order, BINS)
    ]
    return [float(sum(gaps) / len(truth)), float(-np.log(own.clip(_LEAST)).mean())]


def _as_it_is(_: Floats, __: NDArray[np.int64]) -> Callable[[Floats], Floats]:
    return lambda probabilities: probabilities


def _temperature(probabilities: Floats, truth: NDArray[np.int64]) -> Callable[[Floats], Floats]:
    """Divide log-odds by one number (Guo et al. 2017)."""

    def softened(given: Floats, sharpness: float) -> Floats:
        raised = given.clip(_LEAST) ** sharpness
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def loss(log_sharpness: float) -> float:
        own = softened(probabilities, np.exp(log_sharpness))[np.arange(len(truth)), truth]
        return float(-np.log(own.clip(_LEAST)).mean())

    best = float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))
    return lambda given: softened(given, best)


def _one_by_one(fit: Binary) -> Fit:
    """Calibrate each label against the others, and let them add up to 1 again."""

    def fitted(probabilities: Floats, truth: NDArray[np.int64]) -> Callable[[Floats], Floats]:
        labels = range(probabilities.shape[1])
        # Of two labels one says all: the other is what is left.
        first = 1 if probabilities.shape[1] == 2 else 0
        maps = {k: fit(probabilities[:, k], truth == k) for k in labels if k >= first}

        def mapped(given: Floats) -> Floats:
            columns = {k: maps[k](given[:, k]).clip(_LEAST, 1 - _LEAST) for k in maps}
            if first:
                columns[0] = 1 - columns[1]
            stacked = np.column_stack([columns[k] for k in labels])
            return np.asarray(stacked / stacked.sum(axis=1, keepdims=True))

        return mapped

    return fitted


def _log_odds(probabilities: Floats) -> Floats:
    safe = probabilities.clip(_LEAST, 1 - _LEAST)
    return np.asarray(np.log(safe / (1 - safe)))[:, None]


def _platt(probabilities: Floats, truth: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Fit a logistic curve over log-odds (Platt 1999)."""
    curve = LogisticRegression(C=1e3).fit(_log_odds(probabilities), truth)
    return lambda given: np.asarray(curve.predict_proba(_log_odds(given))[:, 1])


def _isotonic(probabilities: Floats, truth: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Fit a rising step function (Zadrozny and Elkan 2002)."""
    steps = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(probabilities, truth)
    return lambda given: np.asarray(steps.predict(given))


def _venn_abers(probabilities: Floats, truth: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Merge the two isotonic answers that a text would get with either label (Vovk et al. 2015).

    They are computed at 60 quantiles and read between them.
    """
    places = np.unique(np.quantile([0.0, 1.0, *probabilities], np.linspace(0, 1, 60)))
    low, high = (
        np.array(
            [
                IsotonicRegression()
                .fit([*probabilities, place], [*truth, label])
                .predict([place])[0]
                for place in places
            ]
        )
        for label in (0, 1)
    )
    merged = high / (1 - low + high)
    return lambda given: np.asarray(np.interp(given, places, merged))


WAYS: dict[str, Fit] = {
    "as the mixture gives them": _as_it_is,
    "temperature": _temperature,
    "Platt": _one_by_one(_platt),
    "isotonic": _one_by_one(_isotonic),
    "Venn-Abers": _one_by_one(_venn_abers),
}


if __name__ == "__main__":
    main()
