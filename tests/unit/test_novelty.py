from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.language.identify import Language
from data.records import LabelledReport, Report
from data.taxonomy import Taxonomy, parse_taxonomy
from model.bundle import NOVELTY, BundleError, Parts, load_bundle, load_scorer, save_bundle
from model.decision import Combined, decide
from model.guarantees import SetThreshold
from model.thresholds import Thresholds
from training.novelty import fit_novelty
from training.thresholds import choose_thresholds

RNG = np.random.default_rng(3)
WIDTH = 96
SPREAD = np.linspace(0.2, 3.0, WIDTH)
CENTRES = RNG.normal(0, 4, (4, WIDTH))


def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
    label = RNG.integers(0, 4, n)
    return (CENTRES[label] + RNG.normal(size=(n, WIDTH)) * SPREAD).astype("f4"), label


def test_ordinary_texts_trip_it_as_seldom_as_promised_and_others_do():
    rates = []
    for _ in range(30):
        fitted, held, fresh = drawn(600), drawn(400), drawn(1000)
        novelty = fit_novelty(*fitted)
        novelty = novelty.with_threshold(novelty.distances(held[0]), 0.05)
        assert novelty is not None
        rates.append((novelty.distances(fresh[0]) > novelty.threshold).mean())
        strange = drawn(200)[0] + RNG.normal(0, 3, WIDTH).astype("f4") * 2
        assert (novelty.distances(strange) > novelty.threshold).mean() > 0.9
    assert 0.035 < np.mean(rates) < 0.06


def test_distances_are_in_units_of_the_spread():
    embedding, label = drawn(4000)
    novelty = fit_novelty(embedding, label)
    distances = novelty.distances(embedding)
    assert np.median(distances) == pytest.approx(np.sqrt(WIDTH), rel=0.1)
    assert (fit_novelty(embedding + 100, label).distances(embedding + 100) - distances).max() < 0.1


def test_too_few_reports_promise_nothing():
    novelty = fit_novelty(*drawn(200))
    assert novelty.with_threshold(np.ones(98), 0.01) is None
    assert novelty.with_threshold(np.ones(99), 0.01) is not None


def test_a_report_far_from_all_is_sent_to_a_person_and_scored_all_the_same():
    novelty = fit_novelty(*drawn(200)).with_threshold(np.linspace(1, 5, 99), 0.01)
    two = Thresholds(SetThreshold((0.1, 0.1), 0.95, (50, 50)), {}, None, novelty)

    taxonomy = parse_taxonomy({"categories": [{"code": "a"}, {"code": "b"}]})

    def reasons(distance: float | None) -> tuple[str, ...]:
        combined = Combined(np.array([0.95, 0.05]), None, {}, True, distance)
        language = Language("fr", "Latn", 0.9)
        score = decide(combined, language, taxonomy, two, version="v", digest="d")
        assert score.category.label == "a"
        return score.manual_triage_reasons

    assert reasons(5.1) == ("unlike_training_data",)
    assert reasons(4.9) == reasons(None) == ()


def test_it_travels_in_the_bundle(
    encoder_parts: Parts, records: list[LabelledReport], taxonomy: Taxonomy, tmp_path: Path
):
    pipeline = encoder_parts.pipeline
    texts = [record.text for record in records]
    places = np.array([taxonomy.category_codes.index(record.category) for record in records])
    novelty = fit_novelty(pipeline.embedding(pipeline.transform(texts)), places)
    novelty = novelty.with_threshold(np.linspace(0, 1e-6, 99), 0.01)
    thresholds = replace(encoder_parts.thresholds, novelty=novelty)
    save_bundle(replace(encoder_parts, thresholds=thresholds), tmp_path / "bundle")
    _, parts = load_bundle(tmp_path / "bundle")
    read = parts.thresholds.novelty
    assert read is not None and novelty is not None
    assert (read.threshold, read.false_alarms) == (novelty.threshold, 0.01)
    assert np.array_equal(read.axes, novelty.axes)
    # With so low a threshold every report is unlike: the service says so.
    score = load_scorer(tmp_path / "bundle").score([Report(texts[0])])[0]
    assert "unlike_training_data" in score.manual_triage_reasons
    (tmp_path / "bundle" / NOVELTY).write_bytes(b"other")
    with pytest.raises(BundleError, match="was altered"):
        load_bundle(tmp_path / "bundle")


def test_a_model_of_words_has_none(parts: Parts, records: list[LabelledReport], taxonomy: Taxonomy):
    assert choose_thresholds(parts.pipeline, parts.heads, records, taxonomy).novelty is None
