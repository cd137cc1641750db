from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data.errors import FieldError
from data.records import Report
from data.taxonomy import Taxonomy, parse_taxonomy
from model.bundle import load_scorer
from model.shares import corrected, correction, estimated_shares, wanted_shares

RNG = np.random.default_rng(7)
TRAINED = np.array([0.4, 0.3, 0.2, 0.1])
TRUE = np.array([0.05, 0.05, 0.3, 0.6])


def drawn(shares: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn by their shares, and the exact probabilities under the trained ones."""
    truth = RNG.choice(4, n, p=shares)
    seen = RNG.normal(np.eye(4)[truth] * 1.5, 1.0)
    odds = np.exp(1.5 * seen) * TRAINED
    return odds / odds.sum(1, keepdims=True), truth


def test_shares_of_unlabelled_reports_are_found_again():
    probabilities, truth = drawn(TRUE, 4000)
    found = estimated_shares(probabilities, TRAINED)
    counted = np.bincount(truth, minlength=4) / len(truth)
    assert np.abs(found - counted).max() < 0.03
    assert np.abs(probabilities.mean(0) - counted).max() > 0.1, "averaging alone does not find them"
    with pytest.raises(ValueError, match="some hundreds"):
        estimated_shares(probabilities[:0], TRAINED)


def test_correction_makes_probabilities_true_in_the_other_shares():
    probabilities, truth = drawn(TRUE, 8000)
    right = corrected(probabilities, TRUE / TRAINED)
    assert (right.argmax(1) == truth).mean() > (probabilities.argmax(1) == truth).mean() + 0.05
    assert np.allclose(right.sum(1), 1)
    for label in (2, 3):  # the others are rare by now
        sure = right[:, label] > 0.5
        assert abs(right[sure, label].mean() - (truth[sure] == label).mean()) < 0.05
    assert np.allclose(corrected(probabilities, np.ones(4)), probabilities)


def test_what_has_no_share_at_all_leaves_the_models_word():
    assert corrected(np.array([1.0, 0.0]), np.array([0.0, 1.0])).tolist() == [1.0, 0.0]


def test_the_portals_shares_are_the_communiques(taxonomy: Taxonomy):
    trained = dict.fromkeys(taxonomy.category_codes, 1 / 11)
    wanted = wanted_shares("portal", taxonomy, trained)
    assert wanted is not None
    assert sum(wanted.values()) == pytest.approx(1)
    within = 1 - wanted["other"]
    assert wanted["other"] == pytest.approx(1 / 11)
    assert wanted["fraud"] / within == pytest.approx(0.575, abs=0.001)
    assert wanted["terrorism"] / within == pytest.approx(0.0417, abs=0.001)
    others = ("incitement", "illicit_trade", "sexual_exploitation")
    assert sum(wanted[c] for c in others) / within < 0.0479


def test_trained_shares_change_nothing(taxonomy: Taxonomy):
    assert wanted_shares("trained", taxonomy, {}) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[1]", "does not name every category"),
        ("{", "is no JSON file"),
        ({"a": 0.5}, "does not name every category"),
        ({"a": 0.5, "b": 0.4}, "add up to 0.900"),
        ({"a": 1.5, "b": -0.5}, "class_shares.a: 1.5 is no share"),
        ({"a": True, "b": 0.0}, "True is no share"),
    ],
)
def test_a_file_of_another_form_is_refused(given: object, said: str, tmp_path: Path):
    two = parse_taxonomy({"categories": [{"code": "a"}, {"code": "b"}]})
    path = tmp_path / "shares.json"
    path.write_text(given if isinstance(given, str) else json.dumps(given))
    with pytest.raises(FieldError, match=said):
        wanted_shares(str(path), two, {})
    with pytest.raises(FieldError, match="no groups"):
        wanted_shares("portal", two, {})
    with pytest.raises(FieldError, match="is no JSON file"):
        wanted_shares(str(tmp_path / "none.json"), two, {})


def test_a_scorer_answers_in_the_shares_it_was_given(bundle: Path, tmp_path: Path):
    report = [Report("il y a quelque chose à dire")]
    plain = load_scorer(bundle)
    codes = plain.taxonomy.category_codes
    path = tmp_path / "shares.json"
    path.write_text(json.dumps({code: 0.9 if code == "terrorism" else 0.01 for code in codes}))
    other = load_scorer(bundle, str(path))
    before, after = plain.score(report)[0].category, other.score(report)[0].category
    assert after.probabilities["terrorism"] > before.probabilities["terrorism"]
    assert sum(after.probabilities.values()) == pytest.approx(1)
    assert after.label in after.prediction_set


def test_a_category_never_trained_on_gets_a_finite_factor():
    two = parse_taxonomy({"categories": [{"code": "a"}, {"code": "b"}]})
    assert np.isfinite(correction(two, {"a": 1.0}, {"a": 0.5, "b": 0.5})).all()
