from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from data.errors import FieldError
from data.labelled import read_labelled
from data.taxonomy import Taxonomy

ROWS = [
    {
        "id": "1",
        "lang": "fr",
        "text": "Elle a dit « oui, non »\net puis rien",
        "category": "fraud",
        "priority": "P3",
        "flags": ["minor_involved", "imminent_danger"],
        "scenario": "s-1",
        "evidence": ["puis rien"],
    },
    {
        "id": "002",
        "lang": "ary",
        "text": "بغيت نسول",
        "category": "other",
        "priority": "P4",
        "flags": [],
        "scenario": "s-2",
        "evidence": [],
    },
]


def write_csv(path: Path, rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_the_three_forms_give_the_same_records(tmp_path: Path, taxonomy: Taxonomy):
    jsonl = write_jsonl(tmp_path / "w.jsonl", ROWS)
    as_cells = [
        {**row, "flags": ";".join(row["flags"]), "evidence": json.dumps(row["evidence"])}
        for row in ROWS
    ]
    table = write_csv(tmp_path / "w.csv", as_cells)
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "w.parquet")
    first = read_labelled([jsonl], taxonomy)
    assert first == read_labelled([table], taxonomy)
    assert first == read_labelled([tmp_path / "w.parquet"], taxonomy)
    assert first[0].flags == ("minor_involved", "imminent_danger")
    assert first[1].id == "002"
    assert first[0].text == ROWS[0]["text"]
    assert first[0].writer == "w"


def test_a_folder_is_read_whole_in_order(tmp_path: Path, taxonomy: Taxonomy):
    write_jsonl(tmp_path / "b.jsonl", ROWS[1:])
    write_jsonl(tmp_path / "a.jsonl", ROWS[:1])
    assert [r.id for r in read_labelled([tmp_path], taxonomy)] == ["1", "002"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"category": "theft"}, r"x.jsonl record 2: category: 'theft' is not in the taxonomy"),
        ({"text": ""}, r"x.jsonl record 2: text: is empty or blank"),
        ({"text": None}, r"x.jsonl record 2: text: is NoneType"),
        ({"id": "1"}, r"x.jsonl record 2: id: '1' stands in x.jsonl record 1 too"),
    ],
)
def test_a_broken_record_is_named_by_file_line_and_field(
    tmp_path: Path, taxonomy: Taxonomy, change: dict, named: str
):
    path = write_jsonl(tmp_path / "x.jsonl", [ROWS[0], {**ROWS[1], **change}])
    with pytest.raises(FieldError, match=named):
        read_labelled([path], taxonomy)


def test_a_csv_without_text_is_refused(tmp_path: Path, taxonomy: Taxonomy):
    path = write_csv(tmp_path / "x.csv", [{"id": "1", "text": "", "category": "fraud"}])
    with pytest.raises(FieldError, match="x.csv record 1: text: is empty"):
        read_labelled([path], taxonomy)


def test_a_csv_with_a_wrong_header_is_refused_and_the_right_one_shown(
    tmp_path: Path, taxonomy: Taxonomy
):
    path = write_csv(tmp_path / "x.csv", [{"id": "1", "texte": "a", "category": "fraud"}])
    with pytest.raises(FieldError, match="lacks text.*id,text,category"):
        read_labelled([path], taxonomy)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b'{"id": "1", "text": "ok", "category": "fraud"}\n{"id": \n', "line 2 is not JSON"),
        (b'{"id": "1", "text": "ok", "category": "fraud"}\n[1]\n', "line 2 is not a JSON object"),
        (b'{"id": "1", "text": "\xff", "category": "fraud"}\n', "line 1.*is not UTF-8.*0xff"),
        (b"", "x.jsonl: is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, taxonomy: Taxonomy, content: bytes, named: str
):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(FieldError, match=named):
        read_labelled([path], taxonomy)


def test_a_missing_or_foreign_file_is_named(tmp_path: Path, taxonomy: Taxonomy):
    with pytest.raises(FieldError, match="does not exist"):
        read_labelled([tmp_path / "nowhere.jsonl"], taxonomy)
    (tmp_path / "x.xlsx").write_bytes(b"")
    with pytest.raises(FieldError, match=r"suffix '.xlsx'; use one of .jsonl"):
        read_labelled([tmp_path / "x.xlsx"], taxonomy)
