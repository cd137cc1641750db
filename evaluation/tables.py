"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def summary(report: dict[str, Any]) -> Table:
    """Lay out the overall figures of every contender, and macro-F1 by language.

    :param report: What ``evaluate`` found.
    :return: A table for ``rich``.
    """
    table = Table(title=f"{report['records']} reports")
    table.add_column("figure")
    for name in report["results"]:
        table.add_column(name)
    results = list(report["results"].values())
    for figure in results[-1]["overall"]:
        table.add_row(figure, *(_cell(result["overall"].get(figure)) for result in results))
    table.add_section()
    for language in results[-1]["by"]["language"]:
        table.add_row(
            f"macro-F1 in {language}",
            *(_cell(r["by"]["language"][language].get("category macro-F1")) for r in results),
        )
    return table


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.2f}, {figure['high']:.2f}] n {figure['n']}"
