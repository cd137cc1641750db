"""Labelled data sets read through the ``datasets`` library (extra ``train``)."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import FieldError
from data.records import LabelledReport, parse_labelled
from data.taxonomy import Taxonomy

_REQUIRED = ("id", "text", "category")
_BUILDERS = {".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}
_LISTS = ("flags", "evidence")


def read_labelled(paths: Sequence[Path], taxonomy: Taxonomy) -> list[LabelledReport]:
    """Read labelled reports from JSONL, CSV or Parquet files, or folders of them.

    In a CSV file ``flags`` and ``evidence`` are JSON lists, or codes set apart by ``;``.
    In the corpus the file's name is the writer, where a record names none.

    :param paths: Files, or folders that are searched for such files.
    :param taxonomy: The label sets that the records must follow.
    :return: All records, in order of files and lines.
    :raises FieldError: If a file cannot be read or a record breaks the form, naming file,
        line and field; if an id stands twice; if nothing is found.
    """
    records: list[LabelledReport] = []
    seen: dict[str, str] = {}
    for path in expand(paths):
        for number, raw in enumerate(_rows(path), start=1):
            where = f"{path.name} record {number}"
            record = parse_labelled({"writer": path.stem, **raw}, taxonomy, where)
            if record.id in seen:
                raise FieldError(
                    f"{where}: id",
                    f"{record.id!r} stands in {seen[record.id]} too",
                    "give each id once",
                )
            seen[record.id] = where
            records.append(record)
    if not records:
        raise FieldError(
            "data", "holds no record", "name a JSONL, CSV or Parquet file with reports"
        )
    return records


def expand(paths: Sequence[Path]) -> list[Path]:
    """List the labelled files behind paths, folders searched in order of name.

    :raises FieldError: If a path does not exist or has another suffix.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix in _BUILDERS)
        elif not path.exists():
            raise FieldError("data", f"{path} does not exist", "name a file or folder that does")
        elif path.suffix not in _BUILDERS:
            raise FieldError(
                "data",
                f"{path.name} has suffix {path.suffix!r}",
                f"use one of {', '.join(_BUILDERS)}",
            )
        else:
            found.append(path)
    return found


def _rows(path: Path) -> list[dict[str, Any]]:
    import datasets

    if not path.stat().st_size:
        raise FieldError(path.name, "is empty", "name a file with at least one record")
    if path.suffix != ".parquet":
        _check_encoding(path)
    if path.suffix == ".csv":
        _check_header(path)
    # A cache folder of its own, gone afterwards: citizens' words are left nowhere on disk.
    with tempfile.TemporaryDirectory(prefix="farz-") as cache:
        try:
            datasets.disable_progress_bars()
            rows = datasets.load_dataset(
                _BUILDERS[path.suffix],
                data_files=str(path),
                split="train",
                cache_dir=cache,
                keep_in_memory=True,
                **_options(path),
            ).to_list()
        except (datasets.exceptions.DatasetGenerationError, ValueError) as error:
            problem = _first_bad_line(path) if path.suffix == ".jsonl" else None
            raise FieldError(
                path.name,
                problem or f"cannot be read ({(error.__cause__ or error)})",
                'write one record a line, like {"id": "1", "text": "…", "category": "fraud"}',
            ) from error
        finally:
            datasets.enable_progress_bars()
    return [_plain(row, path) for row in rows]


def _options(path: Path) -> dict[str, Any]:
    """Read a CSV file as it is written, not as guessed: "007" stays text, an empty cell empty."""
    if path.suffix != ".csv":
        return {}
    import datasets

    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    features = datasets.Features({name: datasets.Value("string") for name in header})
    return {"features": features, "keep_default_na": False}


def _plain(row: dict[str, Any], path: Path) -> dict[str, Any]:
    """Drop what the file does not say, and read a CSV cell that holds a list."""
    kept = {key: value for key, value in row.items() if value is not None}
    if path.suffix == ".csv":
        kept = {key: value for key, value in kept.items() if value != "" or key == "text"}
        for name in _LISTS:
            cell = row.get(name)
            if cell is not None:
                kept[name] = (
                    json.loads(cell)
                    if cell.lstrip().startswith("[")
                    else [part.strip() for part in cell.split(";") if part.strip()]
                )
    return kept


def _check_encoding(path: Path) -> None:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FieldError(
                f"{path.name} line {number}",
                f"is not UTF-8 (byte 0x{line[error.start]:02x} at position {error.start})",
                "save the file as UTF-8",
            ) from error


def _check_header(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        raise FieldError(
            f"{path.name} header",
            f"has {len(header)} columns and lacks {', '.join(missing)}",
            "the first line must name at least id,text,category",
        )


def _first_bad_line(path: Path) -> str | None:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        try:
            if line.strip() and not isinstance(json.loads(line), dict):
                return f"line {number} is not a JSON object"
        except ValueError as error:
            return f"line {number} is not JSON ({error})"
    return None
