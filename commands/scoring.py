"""Score files of reports, and estimate what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from commands.options import DEFAULT_MODEL, ModelOption
from commands.terminal import bar, chunks, emit, err, kind_errors

app = typer.Typer()

CHUNK = 256


@app.command()
def score(
    input: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet; at least id and text.")],
    output: Annotated[Path, typer.Option(help="Where the scores go; the suffix decides the form.")],
    model: ModelOption = DEFAULT_MODEL,
    class_shares: Annotated[
        str, typer.Option(help="trained, portal, or a JSON file that `farz shares` wrote.")
    ] = "trained",
) -> None:
    """Score the reports of a file: one answer a line, in order, bad lines with their error."""
    with kind_errors():
        from data.errors import FieldError
        from data.report_files import read_reports
        from model.bundle import load_scorer
        from model.score_files import open_scores

        if output.resolve() == input.resolve():
            raise FieldError("output", "is the input file", "name another file for the scores")
        scorer = load_scorer(model, class_shares)
        bad = total = 0
        lines = read_reports(input)
        with bar("scoring") as advance, open_scores(output, scorer.taxonomy.flag_codes) as writer:
            for chunk in chunks(lines, CHUNK):
                scores = iter(scorer.score([line.report for line in chunk if line.report]))
                for line in chunk:
                    writer.write(line, next(scores) if line.report else None)
                    bad += line.report is None
                total += len(chunk)
                advance(len(chunk))
    err().print(f"{total - bad} of {total} lines scored into {output}, {bad} with an error")
    raise typer.Exit(1 if bad else 0)


@app.command()
def shares(
    input: Annotated[Path, typer.Option(help="Recent reports: JSONL, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="JSON file of the shares, for --class-shares.")],
    model: ModelOption = DEFAULT_MODEL,
) -> None:
    """Estimate the shares of the categories in recent traffic that no one has labelled."""
    with kind_errors():
        from data.report_files import read_reports
        from model.bundle import load_bundle, scorer_of
        from model.shares import estimate

        manifest, parts = load_bundle(model)
        scorer = scorer_of(manifest, parts)
        found = []
        with bar("scoring") as advance:
            for chunk in chunks(read_reports(input), CHUNK):
                found += scorer.score([line.report for line in chunk if line.report])
                advance(len(chunk))
        estimated = estimate(
            [score.category.probabilities for score in found],
            parts.provenance["label_shares"]["category"],
        )
        out.write_text(json.dumps(estimated, indent=1) + "\n", encoding="utf-8")
    emit(estimated)
