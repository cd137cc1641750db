from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import FieldError
from data.records import LabelledReport
from data.taxonomy import Taxonomy
from evaluation.evaluate import BASELINE, evaluate, language_gap
from evaluation.figures import by_category, figures, slices
from evaluation.predictions import Predictions
from model.bundle import Parts, save_bundle


@pytest.fixture
def labelled(records: list[LabelledReport], tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for r in records:
            row = {
                "id": r.id,
                "lang": r.language,
                "text": r.text,
                "category": r.category,
                "priority": r.priority,
                "flags": r.flags,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def test_only_the_side_asked_for_is_measured(
    parts: Parts, records: list[LabelledReport], labelled: Path, tmp_path: Path
):
    ids = [r.id for r in records]
    save_bundle(
        replace(parts, splits={"train": ids[:60], "calibration": ids[60:70], "test": ids[70:]}),
        tmp_path / "model",
    )
    report = evaluate(tmp_path / "model", [labelled], tmp_path / "out", side="test")
    assert (report["records"], report["records_seen_in_training"]) == (18, 0)
    report = evaluate(tmp_path / "model", [labelled], tmp_path / "out")
    assert (report["records"], report["records_seen_in_training"]) == (88, 70)
    with pytest.raises(FieldError, match="'nope' is no side; use one of train"):
        evaluate(tmp_path / "model", [labelled], tmp_path / "out", side="nope")
    assert "were used to fit" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_another_bundle_is_measured_beside(
    parts: Parts, bundle: Path, labelled: Path, tmp_path: Path
):
    other = save_bundle(replace(parts, splits={**parts.splits, "test": ["x"]}), tmp_path / "other")
    report = evaluate(bundle, [labelled], tmp_path / "out", beside=[tmp_path / "other"])
    assert list(report["results"]) == [BASELINE, other.version, report["model"]["version"]]
    own = report["results"][report["model"]["version"]]["overall"]
    assert own["category macro-F1"]["value"] == 1
    assert report["results"][BASELINE]["overall"]["category macro-F1"]["value"] < 0.1


def test_figures_count_what_they_say(taxonomy: Taxonomy):
    truth = [
        LabelledReport("a", "un", "fraud", "fr", "P1", ("minor_involved",)),
        LabelledReport("b", "deux mots", "fraud", "fr", "P1", ()),
        LabelledReport("c", "mot " * 20, "other", "en", "P4", ()),
        LabelledReport("d", "mot " * 90, "other", "en", "P2", ()),
    ]
    category = np.full((4, 11), 0.01)
    for row, code in enumerate(("fraud", "other", "other", "other")):
        category[row, taxonomy.category_codes.index(code)] = 0.9
    priority = np.array([0, 1, 0, 1])
    predictions = Predictions(
        category,
        priority,
        {"minor_involved": np.array([0.9, 0.8, 0.1, 0.1])},
        {"minor_involved": np.array([True, True, False, False])},
        np.ones((4, 11), bool),
        np.array([False, False, False, True]),
        ["fr", "fr", "en", "es"],
    )
    found = figures(truth, predictions, taxonomy, seed=0)
    assert found["category accuracy"]["value"] == 0.75
    assert (found["P1 recall"]["value"], found["P1 recall"]["n"]) == (0.5, 2)
    assert found["P1 false-positive rate"]["value"] == 0.5
    assert found["minor_involved recall"]["value"] == 1
    assert found["minor_involved false-positive rate"]["value"] == pytest.approx(1 / 3)
    assert found["manual triage rate"]["value"] == 0.25
    assert found["language accuracy"]["value"] == 0.75
    table = by_category(truth, predictions, taxonomy, seed=0)
    assert set(table) == {"fraud", "other"}
    assert (table["fraud"]["precision"]["value"], table["fraud"]["recall"]["value"]) == (1, 0.5)
    assert table["other"]["precision"]["value"] == pytest.approx(2 / 3)
    sliced = slices(truth)
    assert sliced["language"]["en"].tolist() == [2, 3]
    assert sliced["length"]["up to 15 words"].tolist() == [0, 1]
    assert sliced["length"]["81 and more"].tolist() == [3]


def test_the_gap_is_between_languages_with_reports_enough():
    def row(value: float, n: int) -> dict:
        return {"category macro-F1": {"value": value, "n": n}}

    rows = {"fr": row(0.9, 50), "ary": row(0.7, 80), "zgh": row(0.1, 10), "es": row(0.8, 60)}
    gap = language_gap(rows)
    assert gap is not None
    assert (gap["best"], gap["worst"], round(gap["value"], 3)) == ("fr", "ary", 0.2)
    assert language_gap({"fr": rows["fr"], "zgh": rows["zgh"]}) is None
