from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.encoder import Encoder, cut
from tests import tiny


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(tiny.graph(), tiny.tokenizer(), max_tokens=40)


TEXTS = ["bonjour", "سلام عليكم", "wa7d rajl kaytleb flous " * 9, "a", ""]


def test_one_row_a_text_in_order(encoder: Encoder):
    together = encoder.embed(TEXTS)
    assert together.shape == (len(TEXTS), 16)
    for row, text in enumerate(TEXTS):
        assert np.allclose(together[row], encoder.embed([text])[0], atol=1e-6), text


def test_no_texts_give_no_rows(encoder: Encoder):
    assert encoder.embed([]).shape == (0, 16)


def test_the_end_of_a_long_text_moves_its_embedding(encoder: Encoder):
    start = "ras lhanout " * 60
    one, other = encoder.embed([start + "safi", start + "ghadi nqtlek"])
    assert not np.allclose(one, other, atol=1e-4)


def test_tricks_of_typing_are_undone_before_the_encoder_reads(encoder: Encoder):
    plain, tricked = encoder.embed(["bombe ce soir", "b.o.m.b.e ce\u200b soir"])
    assert np.allclose(plain, tricked, atol=1e-6)


def test_tifinagh_is_read_as_latin_not_as_unknown(encoder: Encoder):
    tifinagh, latin = encoder.embed(["ⴰⵣⵓⵍ", "azul"])
    assert np.allclose(tifinagh, latin, atol=1e-6)


def test_special_tokens_that_a_citizen_types_are_text(encoder: Encoder):
    for typed in ("<s>", "</s>", "<pad>", "<unk>", "<mask>"):
        ids = encoder._ids([f"salam {typed} khoya"])[0]
        assert not {0, 1, 2} & set(ids[1:-1]), typed


def test_a_text_that_grows_when_normalised_is_read_in_bounded_pieces(encoder: Encoder):
    # U+FDFA is one character and becomes eighteen.
    assert np.isfinite(encoder.embed(["\ufdfa" * 3000])).all()


def test_a_graph_of_another_form_is_refused():
    with pytest.raises(ValueError, match="must read 'ids' and 'mask'"):
        Encoder(tiny.graph().replace(b"embedding", b"something"), tiny.tokenizer())


@given(st.integers(3, 300), st.integers(12, 40))
def test_pieces_cover_every_token_and_keep_both_ends(length: int, size: int):
    ids = list(range(length))
    pieces = cut(ids, size, overlap=4)
    assert all(len(piece) <= size for piece in pieces)
    assert all(piece[0] == 0 and piece[-1] == length - 1 for piece in pieces)
    assert {i for piece in pieces for i in piece} == set(ids)
