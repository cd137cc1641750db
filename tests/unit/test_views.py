from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from data.normalisation import arabic_spelling
from data.records import Report
from model.bundle import Parts, load_bundle, load_scorer, save_bundle, scorer_of
from model.encoder import Encoder
from model.pipeline import Pipeline
from model.views import embed_views
from tests import tiny

ARABIZI = "wa7ed khona kayhedded fiya bach ynchor tsawri"


def lengths(texts: Sequence[str]) -> np.ndarray:
    return np.array([[len(text), "\u0600" < max(text)] for text in texts], dtype=np.float32)


def test_arabizi_is_the_mean_of_both_spellings_and_the_rest_is_read_once():
    texts = ["il a volé", ARABIZI, "hacked"]
    embedded = embed_views(lengths, texts, ["fr", "ary-Latn", "en"])
    assert embedded.shape == (3, 2)
    assert embedded[:, 1].tolist() == [0.0, 0.5, 0.0]
    assert embedded[1, 0] == (len(ARABIZI) + len(arabic_spelling(ARABIZI))) / 2
    assert embed_views(lengths, [], []).size == 0


def test_a_pipeline_identifies_arabizi_itself(parts: Parts):
    encoder = Encoder(tiny.graph(), tiny.tokenizer())
    pipeline = Pipeline(parts.pipeline.lexical, encoder)
    found = pipeline.transform([ARABIZI]).matrix.toarray()
    told = pipeline.transform([ARABIZI], ["ary-Latn"]).matrix.toarray()
    once = pipeline.transform([ARABIZI], ["fr"]).matrix.toarray()
    assert np.allclose(found, told)
    assert not np.allclose(found, once)


def test_the_scorer_reads_arabizi_twice(encoder_bundle: Path):
    encoder_scorer = load_scorer(encoder_bundle)
    report = Report(ARABIZI)
    score = encoder_scorer.score([report])[0]
    assert score.language.code == "ary-Latn"
    matrix = encoder_scorer.pipeline.transform([ARABIZI], ["ary-Latn"]).matrix
    expected = encoder_scorer.heads.probabilities(matrix)["category"][0].max()
    assert score.category.probability == pytest.approx(float(expected), abs=1e-5)


def test_a_bundle_of_format_2_reads_arabizi_as_it_was_typed(
    encoder_parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr("model.bundle.FORMAT", 2)
        save_bundle(encoder_parts, tmp_path / "old")
    save_bundle(encoder_parts, tmp_path / "new")
    old, new = (load_bundle(tmp_path / name) for name in ("old", "new"))
    assert (old[1].pipeline.views, new[1].pipeline.views) == (False, True)
    one, two = (scorer_of(*loaded).score([Report(ARABIZI)])[0] for loaded in (old, new))
    assert one.category.probability != two.category.probability
