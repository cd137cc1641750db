from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.features import LexicalFeatures
from model.heads import Head, Heads
from training.config import HeadConfig
from training.fit import fit_heads


@pytest.fixture(scope="module")
def matrix(records: list[LabelledReport]) -> csr_array:
    return LexicalFeatures(min_df=1).fit_transform([r.text for r in records])


def test_probabilities_are_scikit_learns(
    matrix: csr_array, records: list[LabelledReport], taxonomy: Taxonomy
):
    config = HeadConfig(inverse_penalty=3.0, balanced=False)
    found = fit_heads(matrix, records, taxonomy, config).probabilities(matrix)
    reference = LogisticRegression(C=3.0, max_iter=300, tol=1e-3)
    truth = [taxonomy.category_codes.index(r.category) for r in records]
    assert np.allclose(
        found["category"], reference.fit(matrix, truth).predict_proba(matrix), atol=2e-3
    )
    reference.set_params(tol=3e-4)
    minor = ["minor_involved" in r.flags for r in records]
    expected = reference.fit(matrix, minor).predict_proba(matrix)[:, 1]
    assert np.allclose(found["flag:minor_involved"][:, 0], expected, atol=2e-3)


def test_a_head_without_labels_is_left_out(
    matrix: csr_array, records: list[LabelledReport], taxonomy: Taxonomy
):
    bare = [replace(r, priority=None, flags=None) for r in records]
    heads = fit_heads(matrix, bare, taxonomy, HeadConfig())
    assert [head.name for head in heads.heads] == ["category"]


def test_a_flag_that_no_record_carries_is_left_out(
    matrix: csr_array, records: list[LabelledReport], taxonomy: Taxonomy
):
    calm = [replace(r, flags=tuple(f for f in r.flags if f != "self_harm_risk")) for r in records]
    names = [head.name for head in fit_heads(matrix, calm, taxonomy, HeadConfig()).heads]
    assert "flag:self_harm_risk" not in names
    assert "flag:child_grooming" in names


def test_a_label_never_seen_gets_probability_zero(
    matrix: csr_array, records: list[LabelledReport], taxonomy: Taxonomy
):
    kept = [i for i, r in enumerate(records) if r.category in ("fraud", "other")]
    heads = fit_heads(matrix[kept], [records[i] for i in kept], taxonomy, HeadConfig())
    probabilities = heads.probabilities(matrix)["category"]
    unseen = [i for i, code in enumerate(taxonomy.category_codes) if code not in ("fraud", "other")]
    assert np.all(probabilities[:, unseen] == 0)
    assert np.allclose(probabilities.sum(axis=1), 1)
    fraud = taxonomy.category_codes.index("fraud")
    assert np.all(probabilities[[i for i in kept if records[i].category == "fraud"], fraud] > 0.5)


def test_one_category_is_refused(
    matrix: csr_array, records: list[LabelledReport], taxonomy: Taxonomy
):
    same = [replace(r, category="fraud") for r in records]
    with pytest.raises(ValueError, match="at least two"):
        fit_heads(matrix, same, taxonomy, HeadConfig())


def test_mismatched_shapes_are_refused():
    def head(features: int) -> Head:
        return Head(
            "category", ("a", "b"), np.zeros((2, features), np.float32), np.zeros(2, np.float32)
        )

    with pytest.raises(ValueError, match="one row and one intercept a label"):
        Head("category", ("a",), np.zeros((2, 3), np.float32), np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="must read the same"):
        Heads([head(3), head(4)])
    with pytest.raises(ValueError, match="5 features given, the heads read 3"):
        Heads([head(3)]).probabilities(csr_array(np.zeros((1, 5))))


def test_balance_lets_a_rare_label_weigh_as_much_as_a_common_one(taxonomy: Taxonomy):
    matrix = csr_array(np.ones((100, 1), np.float32))  # nothing tells the records apart
    rows = [LabelledReport(str(i), "x", "fraud" if i else "other") for i in range(100)]
    found = {
        balanced: fit_heads(matrix, rows, taxonomy, HeadConfig(1.0, balanced)).probabilities(matrix)
        for balanced in (True, False)
    }
    fraud = taxonomy.category_codes.index("fraud")
    assert found[True]["category"][0, fraud] == pytest.approx(0.5, abs=0.02)
    assert found[False]["category"][0, fraud] > 0.9
