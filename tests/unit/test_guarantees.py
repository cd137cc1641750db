from __future__ import annotations

import numpy as np
import pytest

from model.guarantees import (
    flag_threshold,
    flag_thresholds,
    set_threshold,
    urgent_threshold,
)


def test_the_expected_miss_rate_keeps_its_promise_over_many_draws():
    # The promise is on the average over calibration sets; 2,000 of them leave little noise.
    rng = np.random.default_rng(1)
    misses = []
    for _ in range(2000):
        scores = rng.beta(4, 2, size=120)
        chosen = flag_threshold(
            np.concatenate([scores, rng.beta(2, 4, size=50)]), np.arange(170) < 120, 0.05
        )
        misses.append(np.mean(rng.beta(4, 2, size=200) < chosen.threshold))
    assert 0.03 < np.mean(misses) <= 0.0505


def test_it_raises_no_more_than_the_promise_needs():
    scores = np.linspace(0.01, 1, 100)
    chosen = flag_threshold(scores, np.ones(100, bool), 0.05)
    # (k + 1) / (n + 1) <= 0.05 allows 4 misses among 100, and not 5.
    assert chosen.missed == 4
    assert chosen.holds


@pytest.mark.parametrize(("n", "holds"), [(48, False), (49, True)])
def test_too_few_positives_promise_nothing_and_miss_nothing(n: int, holds: bool):
    scores = np.linspace(0.2, 0.9, n)
    chosen = flag_threshold(scores, np.ones(n, bool), 0.02)
    assert chosen.holds is holds
    assert chosen.missed == 0
    assert chosen.threshold == 0.2


def test_without_positives_there_is_no_promise():
    chosen = flag_threshold(np.array([0.1, 0.7]), np.zeros(2, bool), 0.02)
    assert (chosen.threshold, chosen.holds, chosen.false_positive_rate) == (0.5, False, 0.5)


def test_languages_that_one_threshold_serves_worse_get_a_lower_one():
    # Darija in Arabic letters scores lower than French; Arabizi has too few positives.
    french, darija, few = np.linspace(0.5, 1, 200), np.linspace(0.1, 0.6, 60), np.full(49, 0.3)
    told = np.concatenate([french, darija, few, np.full(30, 0.2), np.full(10, 0.05)])
    truth = np.arange(len(told)) < 309
    spoken = ["fr"] * 200 + ["ary"] * 60 + ["ary-Latn"] * 49 + ["ary"] * 30 + ["fr"] * 10
    chosen = flag_thresholds(told, truth, spoken, 0.05)
    assert [group.languages for group in chosen.groups] == [("fr", "en", "es"), ("ar", "ary")]
    assert chosen.at("ary") == chosen.at("ar") < chosen.threshold
    # Where its own would be higher, the common one stands: both promises hold.
    assert chosen.at("fr") == chosen.at("zgh") == chosen.at("ary-Latn") == chosen.threshold
    darija_group = chosen.groups[1]
    assert (darija_group.positives, darija_group.missed, darija_group.holds) == (60, 2, True)
    assert darija_group.false_positive_rate == 1.0
    bars = np.array([chosen.at(code) for code in spoken])
    assert chosen.missed == np.sum(told[truth] < bars[truth])
    assert chosen.false_positive_rate == np.mean(told[~truth] >= bars[~truth])


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="probabilities for"):
        flag_threshold(np.zeros(3), np.zeros(2, bool), 0.02)


def test_sets_cover_every_class_as_promised():
    rng = np.random.default_rng(2)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.integers(0, 3, size=n)
        logits = rng.normal(size=(n, 3))
        logits[np.arange(n), truth] += np.array([2.5, 1.0, 0.3])[truth]
        odds = np.exp(logits)
        return odds / odds.sum(axis=1, keepdims=True), truth

    covered = np.zeros((200, 3))
    for trial in range(200):
        thresholds = np.array(set_threshold(*draw(600)).thresholds)
        probabilities, truth = draw(600)
        held = (probabilities >= thresholds)[np.arange(600), truth]
        covered[trial] = [held[truth == label].mean() for label in range(3)]
    assert np.all(covered.mean(axis=0) > 0.945)
    assert np.all(covered.mean(axis=0) < 0.965)


def test_a_rare_class_borrows_a_threshold_that_keeps_its_own_records():
    probabilities = np.array([[0.9, 0.1]] * 40 + [[0.99, 0.01]])
    chosen = set_threshold(probabilities, np.array([0] * 40 + [1]))
    assert chosen.thresholds[1] == 0.01
    assert chosen.counts == (40, 1)


def test_no_record_is_refused():
    with pytest.raises(ValueError, match="no calibration record"):
        set_threshold(np.zeros((0, 3)), np.zeros(0, int))


def test_the_expected_review_cost_keeps_its_promise_and_is_spent():
    rng = np.random.default_rng(4)
    costs = []
    for _ in range(2000):
        scores = np.concatenate([rng.beta(3, 2, size=40), rng.beta(1, 5, size=120)])
        chosen = urgent_threshold(scores, np.arange(160) < 40, 0.1)
        costs.append(np.mean(rng.beta(1, 5, size=200) >= chosen.threshold))
    assert 0.085 < np.mean(costs) <= 0.1005


@pytest.mark.parametrize(
    ("others", "cost", "threshold"),
    [([0.1] * 5, 0.1, 0.5), ([0.9] * 99, 0.1, 0.5), ([], 0.1, 0.5)],
)
def test_a_budget_that_buys_nothing_leaves_what_is_likelier_than_not(
    others: list[float], cost: float, threshold: float
):
    scores = np.array([0.6, *others])
    chosen = urgent_threshold(scores, np.arange(len(scores)) < 1, cost)
    assert chosen.threshold == threshold
    assert (chosen.urgent, chosen.less_urgent) == (1, len(others))


def test_the_budget_lowers_the_threshold_to_just_above_what_it_cannot_buy():
    others = np.linspace(0.01, 0.3, 99)
    chosen = urgent_threshold(np.append(others, 0.05), np.arange(100) == 99, 0.1)
    # (k + 1) / (n + 1) <= 0.1 buys 9 of 99.
    assert round(chosen.cost * 99) == 9
    assert chosen.recall == 0.0
    # Where all urgent ones are found, the rest of the budget stays unspent.
    spared = urgent_threshold(np.append(others, 0.4), np.arange(100) == 99, 0.1)
    assert (spared.threshold, spared.cost, spared.recall) == (0.4, 0.0, 1.0)
    with pytest.raises(ValueError, match="probabilities for"):
        urgent_threshold(np.zeros(3), np.zeros(2, bool), 0.1)
