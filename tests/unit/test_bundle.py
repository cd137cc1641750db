from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.records import LabelledReport, Report
from model.bundle import FILES, MANIFEST, BundleError, Parts, load_bundle, load_scorer, save_bundle
from model.guarantees import GroupThreshold
from model.scorer import Scorer
from model.thresholds import Thresholds, dump_thresholds


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def test_a_saved_bundle_gives_the_same_probabilities(
    parts: Parts, scorer: Scorer, records: list[LabelledReport]
):
    texts = [r.text for r in records]
    before = parts.heads.probabilities(parts.pipeline.transform(texts).matrix)
    after = scorer.heads.probabilities(scorer.pipeline.transform(texts).matrix)
    for name, values in before.items():
        assert np.array_equal(values, after[name]), name


def test_everything_else_comes_back_equal(parts: Parts, bundle: Path):
    manifest, loaded = load_bundle(bundle)
    assert loaded.taxonomy == parts.taxonomy
    assert loaded.thresholds == parts.thresholds
    assert loaded.provenance == parts.provenance
    assert loaded.splits == parts.splits
    assert manifest.version.startswith("lexical-")
    assert manifest.digest.startswith("sha256:")


def test_the_same_parts_give_the_same_digest(parts: Parts, bundle: Path, tmp_path: Path):
    again = save_bundle(parts, tmp_path / "again")
    assert again.digest == load_bundle(bundle)[0].digest


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_refused_by_name(copy: Path, name: str):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=rf"{name} was altered"):
        load_scorer(copy)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused_by_name(copy: Path, name: str):
    (copy / name).unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing"):
        load_scorer(copy)


def test_thresholds_of_language_groups_survive_the_bundle(parts: Parts, tmp_path: Path):
    group = GroupThreshold(("ar", "ary"), 0.05, 60, 2, 0.2, True)
    flags = {code: replace(flag, groups=(group,)) for code, flag in parts.thresholds.flags.items()}
    save_bundle(
        replace(parts, thresholds=replace(parts.thresholds, flags=flags)), tmp_path / "grouped"
    )
    assert load_bundle(tmp_path / "grouped")[1].thresholds.flags == flags


def test_a_bundle_of_format_3_has_one_threshold_for_all_languages(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def old_form(thresholds: Thresholds) -> dict[str, Any]:
        plain = dump_thresholds(thresholds)
        for flag in plain["flags"].values():
            del flag["groups"]
        return plain

    with monkeypatch.context() as patch:
        patch.setattr("model.bundle.FORMAT", 3)
        patch.setattr("model.bundle.dump_thresholds", old_form)
        save_bundle(parts, tmp_path / "old")
    flags = load_bundle(tmp_path / "old")[1].thresholds.flags
    assert all(flag.at("ary") == flag.threshold for flag in flags.values())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 99}, "has format 99, this version of Farz reads 1, 2, 3, 4"),
        ({"files": {}}, "does not list features.json"),
        ({"surprise": 1}, "is not a manifest"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_refused(copy: Path, change: dict, named: str):
    raw = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps({**raw, **change}))
    with pytest.raises(BundleError, match=named):
        load_scorer(copy)


def test_a_file_that_the_format_does_not_know_is_never_opened(copy: Path):
    raw = json.loads((copy / MANIFEST).read_text())
    raw["files"]["../../etc/passwd"] = "0" * 64
    (copy / MANIFEST).write_text(json.dumps(raw))
    with pytest.raises(BundleError, match="no file of format"):
        load_scorer(copy)


def test_nothing_in_a_bundle_can_run_code(bundle: Path):
    assert {path.name for path in bundle.iterdir()} == {*FILES, MANIFEST}
    assert {path.suffix for path in bundle.iterdir()} == {".json", ".safetensors"}


def test_a_folder_of_something_else_is_never_overwritten(parts: Parts, tmp_path: Path):
    (tmp_path / "letters.txt").write_text("dear")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(BundleError, match="no bundle"):
        save_bundle(parts, tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_a_bundle_is_replaced_whole(parts: Parts, copy: Path):
    (copy / "heads.json").write_text("broken")
    save_bundle(parts, copy)
    assert load_scorer(copy).score([Report("bonjour")])
    assert not list(copy.parent.glob(".*"))


def test_no_text_of_a_report_is_in_a_bundle(bundle: Path, records: list[LabelledReport]):
    everything = b"".join(path.read_bytes() for path in bundle.iterdir())
    assert records[0].text.encode() not in everything
