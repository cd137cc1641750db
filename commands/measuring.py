"""Measure bundles and describe them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DEFAULT_MODEL, DataOption, ModelOption
from commands.terminal import bar, err, kind_errors

app = typer.Typer()


@app.command()
def evaluate(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")],
    model: ModelOption = DEFAULT_MODEL,
    beside: Annotated[
        list[Path] | None, typer.Option(help="Another bundle, measured in the same run.")
    ] = None,
    side: Annotated[
        str | None, typer.Option(help="Only this side of the bundle's own split, such as test.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    perturbed: Annotated[
        bool,
        typer.Option("--perturbed", help="Also score the reports typed and dressed in other ways."),
    ] = False,
) -> None:
    """Measure a bundle on labelled reports: figures with intervals, a baseline beside them."""
    with kind_errors():
        from evaluation.evaluate import evaluate as run
        from evaluation.tables import summary

        with bar("evaluating", total=None):
            report = run(
                model, data, out, beside=beside or [], side=side, seed=seed, perturbed=perturbed
            )
        err().print(summary(report))
    err().print(f"wrote {out / 'report.json'} and {out / 'report.html'}")


@app.command()
def card(
    report: Annotated[Path, typer.Option(help="report.json of `farz evaluate`.")],
    out: Annotated[Path, typer.Option(help="Markdown file for the card.")],
    model: ModelOption = DEFAULT_MODEL,
) -> None:
    """Render a bundle's model card from the bundle and its evaluation report."""
    with kind_errors():
        from evaluation.card import render_card

        out.write_text(render_card(model, report), encoding="utf-8")
    err().print(f"wrote {out}")
