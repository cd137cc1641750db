from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from data.errors import FieldError
from data.report_files import Line, read_reports


def read(path: Path, content: bytes) -> list[Line]:
    path.write_bytes(content)
    return list(read_reports(path))


@pytest.mark.parametrize(
    ("line", "report_id", "named"),
    [
        (b'{"id": "a", "text": ""}', "a", "text: is empty or blank"),
        (b'{"id": "a"}', "a", "text: is NoneType"),
        (b'{"id": "a", "text": "x\\u0000"}', "a", "NUL"),
        (b'{"id": "a", "text": "\\ud800"}', "a", "lone surrogate"),
        (b'{"id": "a", "text": "ok", "language": "de"}', "a", "language: 'de'"),
        (b'{"id": "a", "text": "ok", "quoted_content": "x"}', "a", "quoted_content"),
        (b'{"id": "a", "text": "ok", "quoted_content": [""]}', "a", "quoted_content.0"),
        (b'{"id": "a", "text": "ok", "submitted_at": "hier"}', "a", "submitted_at: 'hier'"),
        (b'{"id": "a", "text": "caf\xe9"}', "a", "is not UTF-8 (byte 0xe9 at position 24)"),
        (b'{"id": "\xe9", "text": "a"}', None, "is not UTF-8"),
        (b'{"text": "ok"}', None, "id: None is no id"),
        (b'{"id": "a\\u202e", "text": "ok"}', None, "is no id"),
        (b"[1, 2]", None, "line: is list"),
        (b"{", None, "line: is not JSON"),
        (b"[" * 100_000, None, "line: is not JSON"),
        (b"", None, "line: is empty"),
        (b'{"id": "a", "text": "' + b"x" * 1_000_000 + b'"}', "a", "1,000,000 characters"),
    ],
)
def test_a_bad_line_gives_its_error_and_the_rest_is_read(
    tmp_path: Path, line: bytes, report_id: str | None, named: str
):
    good = b'{"id": "good", "text": "On m\'a vol\xc3\xa9"}'
    lines = read(tmp_path / "x.jsonl", b"\n".join([good, line, good]) + b"\n")
    assert [x.report is not None for x in lines] == [True, False, True]
    assert lines[1].id == report_id
    assert named in str(lines[1].error)


def test_a_report_is_read_whole(tmp_path: Path):
    raw = {
        "id": 7,
        "text": "a\u202eb",
        "quoted_content": ["c"],
        "urls": ["example.com"],
        "language": "fr",
        "submitted_at": "2024-10-11T09:30:00Z",
    }
    (line,) = read(tmp_path / "x.jsonl", json.dumps(raw).encode())
    assert line.id == 7
    assert line.report is not None
    assert line.report.text == "a\u202eb"
    assert line.report.quoted_content == ("c",)
    assert line.report.submitted_at is not None and line.report.submitted_at.utcoffset() is not None


@given(st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")), max_size=12))
def test_as_many_answers_as_lines_whatever_they_hold(lines: list[bytes]):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder) / "x.jsonl", b"".join(line + b"\n" for line in lines))
    assert len(found) == len(lines)
    assert all((line.report is None) != (line.error is None) for line in found)


def test_csv_records_may_hold_commas_quotes_and_line_breaks(tmp_path: Path):
    content = 'id,text,language\r\n1,"Il a dit ""oui"", puis\nrien",fr\r\n2,بغيت نسول,\r\n'
    first, second = read(tmp_path / "x.csv", content.encode())
    assert first.report is not None and second.report is not None
    assert first.report.text == 'Il a dit "oui", puis\nrien'
    assert second.id == "2"


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path):
    (line,) = read(tmp_path / "x.csv", "\ufeffid,text\n1,bon\n".encode())
    assert line.id == "1" and line.report is not None
    (line,) = read(tmp_path / "x.jsonl", '\ufeff{"id": "1", "text": "bon"}'.encode())
    assert line.report is not None


def test_a_header_may_span_lines_and_names_each_column_once(tmp_path: Path):
    lines = read(tmp_path / "x.csv", b'id,text,"no\nte"\n1,bon,x\n2,bon,y\n')
    assert [line.id for line in lines] == ["1", "2"]
    with pytest.raises(FieldError, match="names a column twice"):
        read(tmp_path / "x.csv", b"id,text,id\n1,bon,2\n")


def test_a_cell_that_nests_without_end_costs_its_own_line(tmp_path: Path):
    content = b"id,text,quoted_content\n1,bon," + b"[" * 100_000 + b"\n2,bon,\n"
    first, second = read(tmp_path / "x.csv", content)
    assert first.error is not None or first.report is not None
    assert second.report is not None


def test_a_parquet_cell_that_is_no_text_costs_its_own_row(tmp_path: Path):
    path = tmp_path / "x.parquet"
    raw = pa.array([b"bon", b"caf\xe9", b"bon"]).cast(pa.binary())
    text = pa.StringArray.from_buffers(3, raw.buffers()[1], raw.buffers()[2])
    parquet.write_table(pa.table({"id": ["1", "2", "3"], "text": text}), path)
    lines = list(read_reports(path))
    assert [line.report is not None for line in lines] == [True, False, True]
    assert lines[1].id == "2"
    parquet.write_table(pa.table({"id": ["1"]}), path)
    with pytest.raises(FieldError, match="lack text"):
        list(read_reports(path))


def test_a_quote_left_open_costs_one_line_not_the_rest_of_the_file(tmp_path: Path):
    content = b'id,text\n1,bon\n2,"ouvert\n3,bon\n4,bon\n'
    lines = read(tmp_path / "x.csv", content)
    assert [line.report is not None for line in lines] == [True, False, True, True]
    assert "close every quote" in str(lines[1].error)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (b"1,\n", "text: is empty"),
        (b"1\n", "text: is empty"),
        (b"\n", "line: is empty"),
        (b"1,a,b\n", "3 cells for 2 columns"),
        (b"1,caf\xe9\n", "lone surrogate"),
        (b"1,a\x00b\n", "NUL"),
        (b"1," + b"x" * 1_000_000 + b"\n", "1,000,000 characters"),
    ],
)
def test_a_bad_csv_record_gives_its_error(tmp_path: Path, row: bytes, named: str):
    lines = read(tmp_path / "x.csv", b"id,text\n" + row + b"2,bon\n")
    assert len(lines) == 2
    assert named in str(lines[0].error)
    assert lines[1].report is not None


@pytest.mark.parametrize("header", [b"id,texte\n1,a\n", b"", b"\n1,a\n"])
def test_a_csv_with_a_wrong_header_is_refused_whole(tmp_path: Path, header: bytes):
    with pytest.raises(FieldError, match=r"header.*must name at least id,text"):
        read(tmp_path / "x.csv", header)


def test_parquet_rows_are_checked_like_lines(tmp_path: Path):
    path = tmp_path / "x.parquet"
    parquet.write_table(
        pa.Table.from_pylist([{"id": "1", "text": "bon"}, {"id": "2", "text": None}]), path
    )
    lines = list(read_reports(path))
    assert [line.report is not None for line in lines] == [True, False]


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(FieldError, match="use one of .jsonl, .csv, .parquet"):
        read_reports(tmp_path / "x.txt")
    with pytest.raises(FieldError, match="is not Parquet"):
        read(tmp_path / "x.parquet", b"no")
