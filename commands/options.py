"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = Path("model/released")

ModelOption = Annotated[Path, typer.Option(help="Folder of the bundle.")]
DataOption = Annotated[
    list[Path], typer.Option(help="Labelled JSONL, CSV or Parquet file, or a folder of them.")
]
TaxonomyOption = Annotated[
    Path | None, typer.Option(help="TOML file of another taxonomy; see data/taxonomy.toml.")
]
