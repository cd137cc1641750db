from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from data.errors import FieldError
from data.records import Report
from data.report_files import Line, parse_report
from model.score_files import open_scores
from model.scorer import Scorer


@pytest.fixture
def lines() -> list[Line]:
    return [
        Line("a", Report("Mon cousin partage des vidéos de daech et dit du bien des attentats")),
        parse_report({"id": "b", "text": ""}),
        Line(3, Report("Bonjour, quels sont vos horaires")),
    ]


def write(path: Path, lines: list[Line], scorer: Scorer) -> None:
    with open_scores(path, scorer.taxonomy.flag_codes) as writer:
        for line in lines:
            writer.write(line, scorer.score([line.report])[0] if line.report else None)


def test_jsonl_holds_the_whole_score_or_the_error(
    tmp_path: Path, lines: list[Line], scorer: Scorer
):
    write(tmp_path / "x.jsonl", lines, scorer)
    rows = [json.loads(row) for row in (tmp_path / "x.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", 3]
    assert rows[0]["flags"]["terrorism_apology"]["raised"] is True
    assert list(rows[0]) == [
        "id",
        "model",
        "language",
        "category",
        "priority",
        "flags",
        "needs_manual_triage",
        "manual_triage_reasons",
        "truncated",
    ]
    assert set(rows[1]) == {"id", "error"}
    assert rows[1]["error"]["field"] == "text"


def test_csv_and_parquet_hold_one_flat_row_a_line(
    tmp_path: Path, lines: list[Line], scorer: Scorer
):
    write(tmp_path / "x.csv", lines, scorer)
    write(tmp_path / "x.parquet", lines, scorer)
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert [row["id"] for row in cells] == [row["id"] for row in table] == ["a", "b", "3"]
    assert list(cells[0]) == list(table[0])
    assert cells[0]["terrorism_apology_raised"] == "True"
    assert table[0]["terrorism_apology_raised"] is True
    assert "text: is empty" in cells[1]["error"] and "text: is empty" in table[1]["error"]
    assert table[1]["category"] is None


def test_an_unfinished_file_never_stands_under_its_name(tmp_path: Path, lines: list[Line]):
    with pytest.raises(RuntimeError), open_scores(tmp_path / "x.jsonl", []) as writer:
        writer.write(lines[1], None)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named_before_scoring(tmp_path: Path):
    with pytest.raises(FieldError, match=r"suffix '.txt'"), open_scores(tmp_path / "x.txt", []):
        pass
    with pytest.raises(FieldError, match="does not exist"), open_scores(tmp_path / "no/x.csv", []):
        pass
