from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from data.agreement import Labels, Reading, agreement, agreement_block, kappa, read_readings
from data.datasheet import refresh
from data.errors import FieldError
from data.taxonomy import Taxonomy


def labels(category: str, priority: str = "P3", *flags: str) -> Labels:
    return Labels(category, priority, frozenset(flags))


READINGS = [
    Reading("a", labels("fraud"), labels("fraud"), labels("fraud")),
    Reading("b", labels("fraud"), labels("other", "P4"), labels("fraud")),
    Reading("c", labels("other", "P4"), labels("other", "P4"), labels("other", "P4")),
    Reading(
        "d",
        labels("fraud", "P1", "self_harm_risk"),
        labels("fraud", "P1"),
        labels("fraud", "P1", "self_harm_risk", "imminent_danger"),
    ),
]


def test_kappa_is_scikit_learns():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, size=200)
    second = np.where(rng.random(200) < 0.7, first, rng.integers(0, 4, size=200))
    assert kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    assert np.isnan(kappa(np.zeros(3), np.zeros(3)))


def test_each_label_is_compared(taxonomy: Taxonomy):
    found = {row.label: row for row in agreement(READINGS, taxonomy)}
    assert (found["category"].first, found["category"].both) == (4, 3)
    assert (found["fraud"].first, found["fraud"].second, found["fraud"].both) == (3, 2, 2)
    assert (found["flag self_harm_risk"].first, found["flag self_harm_risk"].second) == (1, 0)
    assert np.isnan(found["terrorism"].kappa)


def test_the_block_says_how_partings_were_settled(taxonomy: Taxonomy):
    block = agreement_block(READINGS, taxonomy)
    assert "on 2 the readers parted" in block
    assert "kept the first reading in 1 of them, took the second in 0" in block
    assert "something else in 1" in block


def test_readings_come_from_a_file_and_a_gap_is_named(tmp_path: Path):
    path = tmp_path / "readings.jsonl"
    one = {"category": "fraud", "priority": "P3", "flags": []}
    path.write_text(json.dumps({"id": "a", "first": one, "second": one, "settled": one}) + "\n")
    assert read_readings(path) == READINGS[:1]
    path.write_text(json.dumps({"id": "a", "first": one, "second": one}) + "\n")
    with pytest.raises(FieldError, match="line 1: lacks 'settled'"):
        read_readings(path)


def test_blocks_are_put_between_their_markers_only(tmp_path: Path):
    sheet = tmp_path / "sheet.md"
    sheet.write_text("top\n<!-- x: begin -->\nold\n<!-- x: end -->\nbottom\n")
    assert refresh(sheet, {"x": "new"})
    assert sheet.read_text() == "top\n<!-- x: begin -->\nnew\n<!-- x: end -->\nbottom\n"
    assert not refresh(sheet, {"x": "new"})
    with pytest.raises(FieldError, match="no markers for y"):
        refresh(sheet, {"y": "new"})
