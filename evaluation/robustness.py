"""What a model loses when the same reports are typed in other ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from data.records import LabelledReport
from evaluation import metrics
from evaluation.perturbations import PERTURBATIONS, concerns
from evaluation.predictions import Predictions, predict
from model.scorer import Scorer

MISSION = ("terrorism_apology", "child_grooming")


def robustness(scorer: Scorer, records: Sequence[LabelledReport], seed: int) -> dict[str, Any]:
    """Score reports as they are and perturbed, and compare.

    :param scorer: The model.
    :param records: Labelled reports.
    :param seed: Seed of the perturbations and of the bootstrap.
    :return: By perturbation: ``before``, ``after`` and ``loss`` of the category's macro-F1 over
        the reports that it concerns, the loss with its paired interval; and the recall of each
        flag of the mission before and after.
    """
    plain = predict(scorer, records)
    found = {}
    for name, perturb in PERTURBATIONS.items():
        rows = np.array([n for n, r in enumerate(records) if concerns(name, r)], dtype=np.intp)
        if not len(rows):
            continue
        rng = np.random.default_rng(seed)
        own = [records[row] for row in rows]
        changed = predict(scorer, [replace(r, text=perturb(r.text, rng)) for r in own])
        found[name] = _compared(own, plain.at(rows), changed, scorer, seed)
    return found


def _compared(
    records: Sequence[LabelledReport],
    before: Predictions,
    after: Predictions,
    scorer: Scorer,
    seed: int,
) -> dict[str, Any]:
    codes = scorer.taxonomy.category_codes
    truth = np.array([codes.index(record.category) for record in records])
    one, two = before.category.argmax(axis=1), after.category.argmax(axis=1)

    def loss(right: metrics.Integers, plain: metrics.Integers, changed: metrics.Integers) -> float:
        return metrics.macro_f1(right, plain) - metrics.macro_f1(right, changed)

    low, high = metrics.interval(loss, (truth, one, two), seed=seed) or (None, None)
    told: dict[str, Any] = {
        "n": len(records),
        "before": metrics.macro_f1(truth, one),
        "after": metrics.macro_f1(truth, two),
        "loss": {"value": loss(truth, one, two), "low": low, "high": high, "n": len(records)},
        "recall": {},
    }
    for flag in MISSION:
        raised = np.array([flag in (record.flags or ()) for record in records])
        if flag in before.raised and raised.any():
            told["recall"][flag] = {
                "before": float(before.raised[flag][raised].mean()),
                "after": float(after.raised[flag][raised].mean()),
                "n": int(raised.sum()),
            }
    return told
