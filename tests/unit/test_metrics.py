from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from evaluation import metrics

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)


@given(LABELS)
def test_macro_f1_is_scikit_learns_over_the_true_classes(pairs: list[tuple[int, int]]):
    truth, given_ = np.array(pairs).T
    expected = reference.f1_score(
        truth, given_, labels=np.unique(truth), average="macro", zero_division=0
    )
    assert metrics.macro_f1(truth, given_) == pytest.approx(expected)


@given(LABELS)
def test_kappa_is_scikit_learns(pairs: list[tuple[int, int]]):
    truth, given_ = np.array(pairs).T
    if len(np.unique(truth)) > 1 or len(np.unique(given_)) > 1:
        expected = reference.cohen_kappa_score(
            truth, given_, labels=[0, 1, 2, 3], weights="quadratic"
        )
        assert metrics.quadratic_kappa(truth, given_) == pytest.approx(expected)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=60))
def test_average_precision_is_scikit_learns(pairs: list[tuple[bool, int]]):
    truth = np.array([t for t, _ in pairs])
    scores = np.array([s / 10 for _, s in pairs])
    if truth.any():
        expected = reference.average_precision_score(truth, scores)
        assert metrics.average_precision(truth, scores) == pytest.approx(expected)
    else:
        assert np.isnan(metrics.average_precision(truth, scores))


def test_recall_and_false_positives_are_undefined_rather_than_perfect():
    nothing, all_ = np.zeros(3, bool), np.ones(3, bool)
    assert np.isnan(metrics.recall(nothing, all_))
    assert np.isnan(metrics.false_positive_rate(all_, all_))
    assert metrics.recall(all_, np.array([True, False, False])) == pytest.approx(1 / 3)
    assert metrics.false_positive_rate(nothing, np.array([True, False, False])) == pytest.approx(
        1 / 3
    )


def test_calibration_error_is_the_gap_between_said_and_seen():
    sure = np.full(100, 0.9)
    assert metrics.calibration_error(sure, np.arange(100) % 10 != 0) == pytest.approx(0, abs=0.02)
    assert metrics.calibration_error(sure, np.zeros(100, bool)) == pytest.approx(0.9)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        correct = rng.random(150) < 0.7
        bounds = metrics.interval(lambda c: float(c.mean()), [correct], resamples=300, seed=trial)
        assert bounds is not None
        held += bounds[0] <= 0.7 <= bounds[1]
    assert 0.89 < held / 200 <= 0.99


def test_an_interval_needs_two_records_and_a_defined_figure():
    one = np.array([True])
    assert metrics.interval(metrics.recall, [one, one]) is None
    nothing = np.zeros(9, bool)
    assert metrics.interval(metrics.recall, [nothing, nothing]) is None
