"""Serve the scoring API and time it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import typer.core

from commands.options import DEFAULT_MODEL, ModelOption
from commands.terminal import emit, kind_errors

app = typer.Typer()


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
