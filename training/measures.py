"""The figures by which encoders and epochs are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.heads import Heads
from training.fit import truth_of


def measures(
    heads: Heads,
    features: NDArray[np.float32] | csr_array,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> dict[str, float]:
    """Measure heads on features of labelled records.

    :return: Macro-F1 of the category, overall and by language (``f1:…``); kappa and P1 recall of
        the priority; average precision of each flag; and of the two flags of the mission the
        false-positive rate at a recall of 0.97 (``fpr97:…``).
    """
    truth = truth_of(records, taxonomy)
    found = heads.probabilities(csr_array(features))
    category = found["category"].argmax(axis=1)
    level = found["priority"].argmax(axis=1)
    told = {
        "category_f1": macro_f1(truth["category"], category),
        "kappa": float(cohen_kappa_score(truth["priority"], level, weights="quadratic")),
        "p1_recall": float((level[truth["priority"] == 0] == 0).mean()),
    }
    for code in taxonomy.flag_codes:
        raised, scores = truth[f"flag:{code}"] == 1, found[f"flag:{code}"][:, 0]
        if raised.any():
            told[f"ap:{code}"] = float(average_precision_score(raised, scores))
            if code in ("terrorism_apology", "child_grooming"):
                missed = int(0.03 * raised.sum())
                threshold = np.sort(scores[raised])[missed]
                told[f"fpr97:{code}"] = float((scores[~raised] >= threshold).mean())
    languages = np.array([r.language for r in records])
    for language in sorted({*languages.tolist()}):
        own = languages == language
        told[f"f1:{language}"] = macro_f1(truth["category"][own], category[own])
    return {name: round(value, 4) for name, value in told.items()}


def macro_f1(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Average F1 over the categories that occur.

    :param truth: Place of each record's category.
    :param found: Place of the category that was given.
    """
    return float(
        f1_score(truth, found, average="macro", labels=sorted({*truth.tolist()}), zero_division=0)
    )
