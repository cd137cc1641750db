from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import FieldError
from data.records import LabelledReport
from evaluation.card import render_card
from evaluation.evaluate import evaluate
from model.bundle import Parts, save_bundle


@pytest.fixture(scope="module")
def labelled(records: list[LabelledReport], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labelled") / "cases.jsonl"
    rows = [
        {"id": r.id, "text": r.text, "lang": r.language, "category": r.category,
         "priority": r.priority, "flags": r.flags}
        for r in records
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def bundle_of(parts: Parts, folder: Path, **about: object) -> Path:
    known = {"code": "c0ffee", "records": {"train": 80, "calibration": 9, "test": 9}}
    save_bundle(replace(parts, provenance={**parts.provenance, **known, **about}), folder)
    return folder


@pytest.fixture(scope="module")
def made(parts: Parts, labelled: Path, tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("card")
    bundle = bundle_of(parts, place / "bundle", sources=["authored"])
    evaluate(bundle, [labelled], place / "plain")
    return bundle, place / "plain" / "report.json"


def test_the_card_says_whose_figures_it_shows_and_what_was_promised(made: tuple[Path, Path]):
    bundle, report = made
    card = render_card(bundle, report)
    found = json.loads(report.read_text())
    assert found["model"]["version"] in card
    figure = found["results"][found["model"]["version"]]["overall"]["category macro-F1"]
    assert f"| category macro-F1 | {figure['value']:.3f} " in card
    # Eight positives promise nothing, and the card does not hide it.
    assert "| **no: too few positives** |" in card
    assert "of these reports were used to fit" in card


def test_what_is_missing_stands_out(made: tuple[Path, Path]):
    card = render_card(*made)
    for placeholder in (
        "Responsible for this deployment: **to be filled in.**",
        "**Invariance not measured",
        "Agreement with officers on real reports: **not yet measured",
    ):
        assert placeholder in card


def test_another_agencys_data_are_not_said_to_be_ours(parts: Parts, labelled: Path, tmp_path: Path):
    bundle = bundle_of(parts, tmp_path / "bundle", sources=["case files"])
    evaluate(bundle, [labelled], tmp_path / "out", perturbed=True)
    card = render_card(bundle, tmp_path / "out" / "report.json")
    assert "written for this project" not in card
    assert "under what law and for how long: to be filled in" in card
    assert "| politeness |" in card and "| typing errors |" in card


def test_figures_of_another_bundle_are_called_so(
    parts: Parts, made: tuple[Path, Path], tmp_path: Path
):
    other = bundle_of(parts, tmp_path / "other", sources=["authored"], seed=7)
    assert "These figures are of another bundle" in render_card(other, made[1])
    assert "These figures are of another bundle" not in render_card(*made)


def test_what_is_no_report_is_refused(made: tuple[Path, Path], tmp_path: Path):
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(FieldError, match="is no evaluation report"):
        render_card(made[0], tmp_path / "no.json")
