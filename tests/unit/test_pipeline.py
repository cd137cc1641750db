from __future__ import annotations

import numpy as np
import pytest

from model.encoder import Encoder
from model.features import LexicalFeatures
from model.pipeline import Pipeline
from tests import tiny

TEXTS = ["il a volé mon compte", "salam khoya", "قال ليا غادي نقتلك"]


@pytest.fixture(scope="module")
def lexical() -> LexicalFeatures:
    return LexicalFeatures(min_df=1).fit(TEXTS)


def test_without_an_encoder_the_words_are_all(lexical: LexicalFeatures):
    pipeline = Pipeline(lexical)
    features = pipeline.transform(TEXTS)
    assert (features.matrix != lexical.transform(TEXTS)).nnz == 0
    assert pipeline.width == features.matrix.shape[1]


def test_the_embedding_comes_first_and_the_words_after(lexical: LexicalFeatures):
    encoder = Encoder(tiny.graph(), tiny.tokenizer())
    features = Pipeline(lexical, encoder).transform(TEXTS, ["fr", "ary", "ary"])
    dense = features.matrix.toarray()
    assert np.allclose(dense[:, :16], encoder.embed(TEXTS), atol=1e-6)
    assert np.array_equal(dense[:, 16:], lexical.transform(TEXTS).toarray())


@pytest.mark.parametrize("encoder", [None, "tiny"])
def test_a_text_without_a_known_word_is_told_apart(lexical: LexicalFeatures, encoder: str | None):
    made = Encoder(tiny.graph(), tiny.tokenizer()) if encoder else None
    features = Pipeline(lexical, made).transform(["il a volé", "###", "Ѫ"])
    assert features.known.tolist() == [True, False, False]
