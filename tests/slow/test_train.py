"""A training run does what its configuration says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data.taxonomy import Taxonomy
from model.bundle import load_bundle
from tests.conftest import ROOT
from training.config import FeatureConfig, SplitConfig, TrainingConfig
from training.train import train

pytestmark = pytest.mark.slow
DATA = [ROOT / "data" / "corpus" / "zgh"]
CONFIG = TrainingConfig(
    seed=3,
    split=SplitConfig(calibration=0.2, test=0.3),
    features=FeatureConfig(word_ngrams=1, character_ngrams=0, max_terms=2000),
)


def test_shares_seed_and_targets_are_those_asked_for(taxonomy: Taxonomy, tmp_path: Path):
    train(DATA, taxonomy, CONFIG, tmp_path / "a")
    _, parts = load_bundle(tmp_path / "a")
    total = sum(map(len, parts.splits.values()))
    assert len(parts.splits["test"]) / total == pytest.approx(0.3, abs=0.05)
    assert len(parts.splits["calibration"]) / total == pytest.approx(0.2, abs=0.05)
    assert {code: flag.max_miss_rate for code, flag in parts.thresholds.flags.items()} == {
        flag.code: flag.max_miss_rate for flag in taxonomy.flags
    }
    again = train(DATA, taxonomy, CONFIG, tmp_path / "b")
    _, same = load_bundle(tmp_path / "b")
    assert same.splits == parts.splits
    assert same.thresholds == parts.thresholds
    other = train(DATA, taxonomy, replace(CONFIG, seed=4), tmp_path / "c")
    assert load_bundle(tmp_path / "c")[1].splits != parts.splits
    assert other.digest != again.digest
