from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from model.heads import Head, Heads
from model.pipeline import joined
from training.embedding import Scale

EMBEDDING = np.random.default_rng(0).normal(3.0, 0.2, (50, 8)).astype(np.float32)
WORDS = csr_array(np.random.default_rng(1).random((50, 5), dtype=np.float32))


def test_a_scaled_embedding_is_centred_and_as_long_as_asked():
    scaled = Scale.of(EMBEDDING, 0.5).apply(EMBEDDING)
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-5)
    assert np.sqrt((scaled**2).sum(1).mean()) == pytest.approx(0.5, abs=1e-3)


def test_a_column_that_never_moves_is_left_out():
    still = EMBEDDING.copy()
    still[:, 3] = 7
    scaled = Scale.of(still, 1.0).apply(still)
    assert np.isfinite(scaled).all()
    assert (scaled[:, 3] == 0).all()


def test_folded_heads_answer_the_same_on_the_embedding_as_it_comes():
    scale = Scale.of(EMBEDDING, 0.5)
    rng = np.random.default_rng(2)
    heads = Heads(
        [
            Head(
                "category",
                ("a", "b", "c"),
                rng.normal(size=(3, 13)).astype(np.float32),
                rng.normal(size=3).astype(np.float32),
            ),
            Head("flag:x", ("x",), rng.normal(size=(1, 13)).astype(np.float32), np.ones(1, "f4")),
        ]
    )
    scaled = heads.probabilities(joined(scale.apply(EMBEDDING), WORDS))
    raw = scale.fold(heads).probabilities(joined(EMBEDDING, WORDS))
    for name, values in scaled.items():
        assert np.allclose(values, raw[name], atol=1e-4), name
