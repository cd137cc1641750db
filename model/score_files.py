"""Score files out: JSONL as the API gives it, CSV and Parquet as flat columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from data.errors import FieldError
from data.report_files import SUFFIXES, Line
from model.score import Score


class ScoreWriter(Protocol):
    """Writes one answer for each line read."""

    def write(self, line: Line, score: Score | None) -> None:
        """Write a score, or the line's error where there is none."""
        ...


@contextmanager
def open_scores(path: Path, flags: Sequence[str]) -> Iterator[ScoreWriter]:
    """Open a score file; it appears under its name only once it is whole.

    :param path: Where to write; the suffix decides the form.
    :param flags: Flag codes, for the flat forms' columns.
    :return: A context that gives the writer.
    :raises FieldError: If the suffix is unknown, the folder is missing, or pyarrow is.
    """
    if path.suffix not in SUFFIXES:
        raise FieldError(
            "output", f"{path.name} has suffix {path.suffix!r}", f"use one of {', '.join(SUFFIXES)}"
        )
    if not path.parent.is_dir():
        raise FieldError("output", f"folder {path.parent} does not exist", "make it first")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        if path.suffix == ".parquet":
            rows = _ParquetWriter(flags)
            yield rows
            rows.save(unfinished)
        else:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                yield _JsonWriter(file) if path.suffix == ".jsonl" else _CsvWriter(file, flags)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def as_answer(line: Line, score: Score | None) -> dict[str, Any]:
    """Give the answer to a line: ``{"id", …score}`` or ``{"id", "error"}``."""
    if score is not None:
        return {"id": line.id, **score.as_dict()}
    error = line.error
    assert error is not None
    return {
        "id": line.id,
        "error": {"field": error.field, "problem": error.problem, "good": error.good},
    }


class _JsonWriter:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: Line, score: Score | None) -> None:
        self._file.write(json.dumps(as_answer(line, score), ensure_ascii=False) + "\n")


class _CsvWriter:
    def __init__(self, file: TextIO, flags: Sequence[str]) -> None:
        self._flags = flags
        self._rows = csv.DictWriter(file, _columns(flags))
        self._rows.writeheader()

    def write(self, line: Line, score: Score | None) -> None:
        self._rows.writerow(_flat(line, score, self._flags))


class _ParquetWriter:
    def __init__(self, flags: Sequence[str]) -> None:
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise FieldError(
                "output",
                "writing Parquet needs pyarrow",
                "install it with: pip install 'farz[parquet]'",
            ) from error
        self._flags = flags
        self._rows: list[dict[str, Any]] = []

    def write(self, line: Line, score: Score | None) -> None:
        self._rows.append(_flat(line, score, self._flags))

    def save(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = {"category_probability": pa.float64(), "language_confidence": pa.float64()}
        kinds |= {f"{flag}_probability": pa.float64() for flag in self._flags}
        kinds |= {f"{flag}_raised": pa.bool_() for flag in self._flags}
        kinds |= {"needs_manual_triage": pa.bool_()}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in _columns(self._flags)])
        rows = [{**row, "id": None if row["id"] is None else str(row["id"])} for row in self._rows]
        parquet.write_table(pa.Table.from_pylist(rows, schema), path)


def _columns(flags: Sequence[str]) -> list[str]:
    return [
        "id",
        "category",
        "category_probability",
        "prediction_set",
        "priority",
        *(f"{flag}_{kind}" for flag in flags for kind in ("probability", "raised")),
        "language",
        "language_confidence",
        "needs_manual_triage",
        "manual_triage_reasons",
        "model_version",
        "error",
    ]


def _flat(line: Line, score: Score | None, flags: Sequence[str]) -> dict[str, Any]:
    if score is None:
        return {"id": line.id, "error": str(line.error)}
    row: dict[str, Any] = {
        "id": line.id,
        "category": score.category.label,
        "category_probability": round(score.category.probability, 6),
        "prediction_set": ";".join(score.category.prediction_set),
        "priority": score.priority.level if score.priority else None,
        "language": score.language.code,
        "language_confidence": round(score.language.confidence, 4),
        "needs_manual_triage": bool(score.manual_triage_reasons),
        "manual_triage_reasons": ";".join(score.manual_triage_reasons),
        "model_version": score.model_version,
    }
    for flag in flags:
        if flag in score.flags:
            row[f"{flag}_probability"] = round(score.flags[flag].probability, 6)
            row[f"{flag}_raised"] = score.flags[flag].raised
    return row
