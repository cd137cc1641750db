"""Check data sets and fit what is made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from commands.options import DataOption, TaxonomyOption
from commands.terminal import bar, emit, err, kind_errors

app = typer.Typer(help="Check data sets and fit what is made from them.", no_args_is_help=True)


@app.command("check")
def check(
    data: DataOption,
    against: Annotated[
        list[Path] | None, typer.Option(help="Labelled files that must stay unseen in training.")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="TOML file of least counts; see data/targets.toml.")
    ] = None,
    taxonomy: TaxonomyOption = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the findings.")] = None,
) -> None:
    """Check a labelled data set; exit status 1 if it is unfit for training."""
    with kind_errors():
        from data.check import check as run
        from data.labelled import read_labelled
        from data.targets import load_targets, shortfalls
        from data.taxonomy import load_taxonomy

        labels = load_taxonomy(taxonomy)
        with bar("checking", total=None):
            kept_out = read_labelled(against, labels) if against else []
            records = read_labelled(data, labels)
            report = run(records, labels, against=kept_out)
            if targets is not None:
                report.errors += shortfalls(records, labels, load_targets(targets))
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    emit({"counts": report.counts, "distinct 3-grams per 1000 words": report.distinct_trigrams})
    for finding in report.warnings:
        err().print(f"warning: {finding}", markup=False)
    for finding in report.errors:
        err().print(f"error: {finding}", markup=False)
    err().print(f"{len(report.errors)} errors, {len(report.warnings)} warnings")
    raise typer.Exit(1 if report.errors else 0)


@app.command("fit-language")
def fit_language(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="File for the weights.")] = Path(
        "data/language/identifier.safetensors"
    ),
) -> None:
    """Fit the language model that ships with Farz, on reports whose language is known."""
    with kind_errors():
        from data.labelled import read_labelled
        from data.taxonomy import load_taxonomy
        from training.language import fit_language as run

        with bar("fitting", total=None):
            run(read_labelled(data, load_taxonomy())).save(out)
    err().print(f"wrote {out}")


@app.command("datasheet")
def datasheet(
    data: DataOption,
    sheet: Annotated[Path, typer.Option(help="The datasheet.")] = Path("data/corpus/README.md"),
    readings: Annotated[Path, typer.Option(help="Reports read twice.")] = Path(
        "data/readings.jsonl"
    ),
    curve: Annotated[Path, typer.Option(help="Learning curve.")] = Path(
        "evaluation/results/trials-curve.json"
    ),
) -> None:
    """Write a corpus's counts, and how far two readers agree, into its datasheet."""
    with kind_errors():
        from data.agreement import agreement_block, read_readings
        from data.datasheet import counts_block, curve_block, refresh
        from data.labelled import read_labelled
        from data.taxonomy import load_taxonomy

        labels = load_taxonomy()
        changed = refresh(
            sheet,
            {
                "counts": counts_block(read_labelled(data, labels), labels),
                "agreement": agreement_block(read_readings(readings), labels),
                "curve": curve_block(curve),
            },
        )
    err().print(f"{sheet} {'written' if changed else 'is up to date'}")
