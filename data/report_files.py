"""Report files in, one answer for every line: a report, or why it is none."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data.errors import FieldError, shown
from data.records import Report, check_id, check_language, check_text

SUFFIXES = (".jsonl", ".csv", ".parquet")
_GOOD_LINE = 'write for example {"id": "1", "text": "On m\'a volé mon compte"}'


@dataclass(frozen=True)
class Line:
    """One line of a report file.

    :param id: The report's id as given; None where it cannot be read.
    :param report: The report, or None where the line is bad.
    :param error: What is wrong with the line, or None.
    """

    id: str | int | None
    report: Report | None = None
    error: FieldError | None = None


def read_reports(path: Path) -> Iterator[Line]:
    """Read the reports of a JSONL, CSV or Parquet file; never lose a line.

    :param path: The file; in CSV a header names the columns, at least ``id`` and ``text``.
    :return: One entry a line (JSONL), record (CSV) or row (Parquet), in order.
    :raises FieldError: If the whole file cannot be read: an unknown suffix, a CSV without the
        columns, Parquet without pyarrow.
    """
    if path.suffix == ".jsonl":
        return _json_lines(path)
    if path.suffix == ".csv":
        return _csv_records(path)
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    raise FieldError(
        "input", f"{path.name} has suffix {path.suffix!r}", f"use one of {', '.join(SUFFIXES)}"
    )


def parse_report(raw: object) -> Line:
    """Check one report given as plain data.

    :param raw: A mapping with at least ``id`` and ``text``.
    :return: The line; a bad field becomes its error, beside whatever id can be read.
    """
    report_id: str | int | None = None
    try:
        if not isinstance(raw, Mapping):
            raise FieldError("line", f"is {type(raw).__name__}, not an object", _GOOD_LINE)
        given = raw.get("id")
        report_id = check_id(given)
        report = Report(
            text=check_text(raw.get("text")),
            quoted_content=tuple(
                check_text(item, f"quoted_content.{position}")
                for position, item in enumerate(_list(raw, "quoted_content"))
            ),
            urls=tuple(str(item) for item in _list(raw, "urls")),
            language=check_language(raw["language"]) if raw.get("language") else None,
            submitted_at=_time(raw, "submitted_at"),
            occurred_at=_time(raw, "occurred_at"),
        )
    except FieldError as error:
        return Line(report_id, error=error)
    return Line(report_id, report)


def _json_lines(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, raw in enumerate(file):
            yield _json_line(raw.removeprefix(codecs.BOM_UTF8) if number == 0 else raw)


def _json_line(raw: bytes) -> Line:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = f"is not UTF-8 (byte 0x{raw[error.start]:02x} at position {error.start})"
        # The id is looked for all the same, so that the sender knows which report it was.
        found = _json_line(raw.decode("utf-8", errors="replace").encode())
        readable = found.id if not isinstance(found.id, str) or "\ufffd" not in found.id else None
        return Line(readable, error=FieldError("line", bad, "send UTF-8"))
    if not text.strip():
        return Line(None, error=FieldError("line", "is empty", _GOOD_LINE))
    try:
        return parse_report(json.loads(text))
    except (ValueError, RecursionError) as error:
        message = str(error).partition(":")[0]
        return Line(None, error=FieldError("line", f"is not JSON ({message})", _GOOD_LINE))


def _csv_records(path: Path) -> Iterator[Line]:
    # Bytes that are no UTF-8 come through as lone surrogates, which check_text refuses by name.
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    csv.field_size_limit(2**31 - 1)
    first = csv.reader(lines)
    header = next(first, [])
    for name in ("id", "text"):
        if name not in header:
            raise FieldError(
                f"{path.name} header",
                f"has {len(header)} columns and lacks {name}",
                "the first line must name at least id,text",
            )
    if len(set(header)) < len(header):
        raise FieldError(f"{path.name} header", "names a column twice", "name each column once")
    return _csv_lines(header, lines, first.line_num)


def _csv_lines(header: list[str], lines: list[str], start: int) -> Iterator[Line]:
    """Parse records one by one; after a broken one go on at the line below its first."""
    while start < len(lines):
        reader = csv.reader((lines[i] for i in range(start, len(lines))), strict=True)
        begun = start
        try:
            for row in reader:
                start = begun + reader.line_num
                yield _csv_record(header, row)
        except csv.Error as error:
            yield Line(None, error=FieldError("line", f"is not CSV ({error})", "close every quote"))
            start += 1


def _csv_record(header: list[str], row: list[str]) -> Line:
    if not row:
        return Line(None, error=FieldError("line", "is empty", "write one report a line"))
    if len(row) > len(header):
        extra = FieldError(
            "line",
            f"has {len(row)} cells for {len(header)} columns",
            "quote a text that holds commas",
        )
        return Line(dict(zip(header, row, strict=False)).get("id"), error=extra)
    raw: dict[str, Any] = {name: cell for name, cell in zip(header, row, strict=False) if cell}
    for name in ("quoted_content", "urls"):
        if name in raw:
            try:
                raw[name] = json.loads(raw[name])
            except (ValueError, RecursionError):
                raw[name] = [raw[name]]
    return parse_report({"text": "", **raw})


def _parquet_rows(path: Path) -> Iterator[Line]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise FieldError(
            "input", "reading Parquet needs pyarrow", "install it with: pip install 'farz[parquet]'"
        ) from error
    try:
        file = parquet.ParquetFile(path)
    except ArrowInvalid as error:
        raise FieldError(
            "input", f"{path.name} is not Parquet ({error})", "write it anew"
        ) from error
    for name in ("id", "text"):
        if name not in file.schema_arrow.names:
            raise FieldError(f"{path.name} columns", f"lack {name}", "name at least id and text")
    return (line for batch in file.iter_batches(1024) for line in _batch_lines(batch))


def _batch_lines(batch: Any) -> Iterator[Line]:  # noqa: ANN401 -- pyarrow has no types
    """Read rows one by one, so that a cell that Python cannot hold costs its own row alone."""
    for row in range(batch.num_rows):
        values: dict[str, Any] = {}
        try:
            for name in ("id", *batch.schema.names):
                values[name] = batch.column(name)[row].as_py()
        except (ValueError, OverflowError, KeyError) as error:
            kind = type(error).__name__
            bad = FieldError(name, f"cannot be read ({kind})", "write plain UTF-8 text and times")
            known = values.get("id")
            yield Line(known if isinstance(known, str | int) else None, error=bad)
        else:
            yield parse_report(values)


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    value = raw.get(name) or []
    if not isinstance(value, list):
        raise FieldError(name, f"is {type(value).__name__}, not a list", 'use for example ["…"]')
    return value


def _time(raw: Mapping[str, Any], name: str) -> datetime | None:
    value = raw.get(name)
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise FieldError(
            name, f"{shown(value)} is no time", 'use ISO 8601, for example "2024-10-11T09:30:00Z"'
        ) from error
