"""Fit linear heads on features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix
from sklearn.linear_model import LogisticRegression

from data.errors import FieldError, shown
from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.heads import Head, Heads
from training.config import HeadConfig

# How far the solver goes. Flags gain up to 5 points of average precision from the finer stop; the
# category gains nothing and would take three times as long.
_EXCLUSIVE_TOLERANCE = 1e-3
_FLAG_TOLERANCE = 3e-4


def fit_heads(
    features: csr_array,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: HeadConfig,
    done: Callable[[str], None] = lambda _: None,
) -> Heads:
    """Fit one head each for the category, the priority and every flag that has labels.

    :param features: Shape (records, features).
    :param records: The records behind the rows.
    :param taxonomy: Labels, in the order that the heads will have.
    :param config: Penalty and balance.
    :param done: Called with each head's name once it is fitted.
    :return: The heads, rounded as a bundle keeps them. A head whose labels no record carries is
        left out; within the category and the priority, a label that no record carries gets
        probability 0.
    :raises FieldError: If the records carry fewer than two categories.
    """
    category = np.array([record.category for record in records], dtype=object)
    heads = [_exclusive("category", features, category, taxonomy.category_codes, config)]
    done("category")
    rated = np.array([record.priority is not None for record in records])
    levels = np.array([record.priority for record in records], dtype=object)
    if len({*levels[rated]}) > 1:
        heads.append(
            _exclusive("priority", features[rated], levels[rated], taxonomy.priority_codes, config)
        )
        done("priority")
    flagged = np.array([record.flags is not None for record in records])
    for code in taxonomy.flag_codes:
        truth = np.array([code in (record.flags or ()) for record in records])[flagged]
        if truth.any() and not truth.all():
            model = _fitted(features[flagged], truth, config, _FLAG_TOLERANCE)
            heads.append(
                Head(
                    f"flag:{code}",
                    (code,),
                    model.coef_.astype(np.float32),
                    model.intercept_.astype(np.float32),
                )
            )
            done(f"flag:{code}")
    return Heads([head.rounded() for head in heads])


def truth_of(records: Sequence[LabelledReport], taxonomy: Taxonomy) -> dict[str, NDArray[np.int64]]:
    """Give each head's truth as numbers.

    :param records: Labelled reports.
    :param taxonomy: Labels, in order.
    :return: By head name, the label's place, or 0 and 1 for a flag; -1 where there is none.
    """
    categories, levels = taxonomy.category_codes, taxonomy.priority_codes
    truth = {
        "category": np.array([categories.index(r.category) for r in records]),
        "priority": np.array(
            [-1 if r.priority is None else levels.index(r.priority) for r in records]
        ),
    }
    for code in taxonomy.flag_codes:
        truth[f"flag:{code}"] = np.array(
            [-1 if r.flags is None else int(code in r.flags) for r in records]
        )
    return truth


def _exclusive(
    name: str,
    features: csr_array,
    truth: NDArray[np.object_],
    labels: Sequence[str],
    config: HeadConfig,
) -> Head:
    present = sorted({*truth}, key=list(labels).index)
    if len(present) < 2:
        raise FieldError(
            f"data: {name}",
            f"all {len(truth)} records have {', '.join(map(shown, present))}",
            "give records of at least two",
        )
    classes = np.array([present.index(label) for label in truth])
    model = _fitted(features, classes, config, _EXCLUSIVE_TOLERANCE)
    rows, intercepts = model.coef_, model.intercept_
    if len(present) == 2:  # scikit-learn keeps one row for two classes
        rows, intercepts = (
            np.vstack([-rows / 2, rows / 2]),
            np.hstack([-intercepts / 2, intercepts / 2]),
        )
    weights = np.zeros((len(labels), features.shape[1]), dtype=np.float32)
    biases = np.full(len(labels), -1e4, dtype=np.float32)  # a label never seen: probability 0
    for row, label in enumerate(present):
        weights[list(labels).index(label)] = rows[row]
        biases[list(labels).index(label)] = intercepts[row]
    return Head(name, tuple(labels), weights, biases)


def _fitted(
    features: csr_array, truth: NDArray[np.generic], config: HeadConfig, tolerance: float
) -> LogisticRegression:
    model = LogisticRegression(
        C=config.inverse_penalty,
        class_weight="balanced" if config.balanced else None,
        max_iter=300,
        tol=tolerance,
    )
    return model.fit(csr_matrix(features), truth)
