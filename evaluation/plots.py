"""Plots as inline SVG, so that the page needs no other file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from evaluation.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _SOFT, _WARM = "#1f3a5f", "#9db4cc", "#b5482a"


def confusion_plot(table: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Draw counts of true (rows) against proposed (columns) categories.

    :return: An SVG element.
    """
    figure = _figure(7.5, 6.5)
    axes = figure.subplots()
    counts = np.array(table)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[row, column] > 0.55 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", color=colour, size=8)
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", size=8)
    axes.set_yticks(range(len(labels)), labels, size=8)
    axes.set_xlabel("proposed")
    axes.set_ylabel("true")
    return _svg(figure)


def reliability_plot(
    records: Sequence[LabelledReport], predictions: Predictions, taxonomy: Taxonomy
) -> str:
    """Draw how often the proposed category is right, by how probable it was said to be.

    :return: An SVG element.
    """
    truth = np.array([taxonomy.category_codes.index(r.category) for r in records])
    confidence = predictions.category.max(axis=1)
    correct = predictions.category.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    bins = [part for part in np.array_split(order, 10) if len(part)]
    figure = _figure(4.6, 4.2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", label="perfect")
    axes.plot(
        [confidence[b].mean() for b in bins],
        [correct[b].mean() for b in bins],
        color=_INK,
        marker="o",
        label="this model",
    )
    axes.set(xlabel="probability given", ylabel="share correct", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    return _svg(figure)


def flag_reliability_plot(records: Sequence[LabelledReport], predictions: Predictions) -> str:
    """Draw how often each flag applies, by how probable it was said to be.

    :return: An SVG element.
    """
    known = [i for i, r in enumerate(records) if r.flags is not None]
    figure = _figure(4.6, 4.2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--")
    for code, values in predictions.flags.items():
        probabilities = values[known]
        truth = np.array([code in (records[i].flags or ()) for i in known])
        # Most reports carry no flag: bins of equal width show the few that are near it.
        place = np.minimum((probabilities * 5).astype(int), 4)
        bins = [place == number for number in range(5) if (place == number).sum() >= 5]
        axes.plot(
            [probabilities[b].mean() for b in bins],
            [truth[b].mean() for b in bins],
            marker="o",
            label=code,
        )
    axes.set(xlabel="probability given", ylabel="share that carries it", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def tradeoff_plot(
    records: Sequence[LabelledReport],
    predictions: Predictions,
    code: str,
    thresholds: dict[str, float],
) -> str:
    """Draw what each threshold of a flag would miss and would raise for nothing.

    :param code: The flag.
    :param thresholds: The bundle's threshold by flag code, marked in the plot.
    :return: An SVG element.
    """
    known = [i for i, r in enumerate(records) if r.flags is not None]
    truth = np.array([code in (records[i].flags or ()) for i in known])
    probabilities = predictions.flags[code][known]
    steps = np.unique(np.concatenate([[0.0], probabilities, [1.0]]))
    missed = [float((probabilities[truth] < s).mean()) if truth.any() else 0.0 for s in steps]
    false = [float((probabilities[~truth] >= s).mean()) if not truth.all() else 0.0 for s in steps]
    figure = _figure(4.6, 3.4)
    axes = figure.subplots()
    axes.step(steps, missed, where="pre", color=_WARM, label="missed, of the true")
    axes.step(steps, false, where="pre", color=_INK, label="raised, of the others")
    axes.axvline(thresholds[code], color="black", linestyle=":", label="threshold in use")
    # Thresholds that miss little are small: a plain axis would press them all against its left.
    axes.set(xscale="log", xlim=(1e-4, 1), ylim=(-0.02, 1.02))
    axes.set(xlabel="threshold", ylabel="share", title=code)
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
