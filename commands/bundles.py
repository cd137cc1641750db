"""Look at bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.terminal import emit, kind_errors

app = typer.Typer(help="Look at bundles.", no_args_is_help=True)


@app.command("verify")
def verify(model: Annotated[Path, typer.Argument(help="Folder of the bundle.")]) -> None:
    """Check every file of a bundle against its manifest."""
    with kind_errors():
        from model.bundle import verify_bundle

        manifest, _ = verify_bundle(model)
    emit({"version": manifest.version, "digest": manifest.digest, "files": len(manifest.files)})


@app.command("show")
def show(model: Annotated[Path, typer.Argument(help="Folder of the bundle.")]) -> None:
    """Show how a bundle was made and what its thresholds promise."""
    with kind_errors():
        from model.bundle import load_bundle
        from model.thresholds import dump_thresholds

        manifest, parts = load_bundle(model)
    emit(
        {
            "version": manifest.version,
            "digest": manifest.digest,
            "created": manifest.created,
            "flags": dump_thresholds(parts.thresholds)["flags"],
            "provenance": parts.provenance,
        }
    )
