from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from model.heads import Head, Heads
from model.pipeline import joined
from training.mixture import mix

RNG = np.random.default_rng(0)
N = 400
TRUTH = RNG.integers(0, 3, N)
SIGNAL = np.eye(3, dtype=np.float32)[TRUTH]
GOOD = SIGNAL + RNG.normal(0, 0.6, (N, 3)).astype(np.float32)
NOISE = RNG.normal(0, 1, (N, 3)).astype(np.float32)


def heads(scale: float) -> Heads:
    eye = (scale * np.eye(3)).astype(np.float32)
    flag = Head("flag:x", ("x",), eye[:1], np.zeros(1, "f4"))
    return Heads([Head("category", ("a", "b", "c"), eye, np.zeros(3, "f4")), flag])


def test_a_joined_head_is_the_weighted_sum_of_both_log_odds():
    truth = {"category": TRUTH, "flag:x": (TRUTH == 0).astype(np.int64)}
    joint, shares = mix(heads(3.0), heads(2.0), GOOD, csr_array(GOOD), truth)
    a, b = shares["category"]
    category = joint.heads[0]
    assert np.allclose(
        category.weights, [*np.hstack([a * 3 * np.eye(3), b * 2 * np.eye(3)])], atol=2e-3
    )
    answers = joint.probabilities(joined(GOOD, csr_array(GOOD)))["category"]
    assert (answers.argmax(1) == TRUTH).mean() > 0.7


def test_the_half_that_knows_nothing_gets_no_say():
    truth = {"category": TRUTH, "flag:x": (TRUTH == 0).astype(np.int64)}
    _, shares = mix(heads(3.0), heads(3.0), GOOD, csr_array(NOISE), truth)
    for name, (a, b) in shares.items():
        assert a > 0.3, name
        assert b < 0.1, name


def test_unknown_labels_are_left_out():
    truth = {"category": np.where(np.arange(N) % 2, TRUTH, -1), "flag:x": np.full(N, -1)}
    truth["flag:x"][:10] = (TRUTH == 0)[:10]
    joint, shares = mix(heads(3.0), heads(1.0), GOOD, csr_array(NOISE), truth)
    assert set(shares) == {"category", "flag:x"}
    assert all(np.isfinite(head.weights).all() for head in joint.heads)


def test_a_head_that_words_do_not_have_is_left_out():
    words = Heads(heads(1.0).heads[:1])
    joint, _ = mix(heads(3.0), words, GOOD, csr_array(NOISE), {"category": TRUTH})
    assert [head.name for head in joint.heads] == ["category"]


def test_the_odds_are_those_of_the_data_whatever_balance_the_heads_were_fitted_with():
    rare = (np.arange(N) % 20 == 0).astype(np.int64)
    signal = (rare[:, None] + RNG.normal(0, 0.7, (N, 3))).astype(np.float32)
    # Fitted as if one in two were so: far too sure of a rare thing.
    flag = Head("flag:x", ("x",), np.array([[2.0, 0, 0]], "f4"), np.array([0.5], "f4"))
    joint, _ = mix(Heads([flag]), Heads([flag]), signal, csr_array(signal), {"flag:x": rare})
    answers = joint.probabilities(joined(signal, csr_array(signal)))["flag:x"][:, 0]
    assert abs(answers.mean() - 0.05) < 0.02
