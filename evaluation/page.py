"""The evaluation as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from evaluation.plots import (
    confusion_plot,
    flag_reliability_plot,
    reliability_plot,
    tradeoff_plot,
)
from evaluation.predictions import Predictions


def render(
    report: dict[str, Any],
    predictions: Predictions,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> str:
    """Render a report's figures and plots.

    :param report: What ``evaluate`` found.
    :param predictions: The model's own predictions, for the plots.
    :param records: The truth.
    :param taxonomy: Labels in order.
    :return: HTML with everything inside: no script, no request to any host.
    """
    environment = Environment(
        loader=PackageLoader("evaluation"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["figure"] = shown_figure
    thresholds = {code: flag["threshold"] for code, flag in report["guarantees"].items()}
    own = report["results"][report["model"]["version"]]
    plots = {
        "confusion": Markup(confusion_plot(own["confusion"], report["categories"])),
        "reliability": Markup(reliability_plot(records, predictions, taxonomy)),
        "flag_reliability": Markup(flag_reliability_plot(records, predictions)),
        "flags": [
            Markup(tradeoff_plot(records, predictions, code, thresholds))
            for code in predictions.flags
        ],
    }
    return environment.get_template("report.html").render(report=report, own=own, plots=plots)


def shown_figure(figure: dict[str, Any] | None) -> str:
    """Show a figure with its interval and number of records; a dash where it is undefined."""
    if not figure or figure["value"] is None:
        return "–"
    value = f"{figure['value']:.3f}"
    if figure["low"] is None:
        return f"{value} (n {figure['n']})"
    return f"{value} [{figure['low']:.3f}, {figure['high']:.3f}] (n {figure['n']})"
