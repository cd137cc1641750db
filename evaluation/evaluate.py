"""One evaluation: a bundle and labelled reports in, figures as JSON and a page out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import FieldError, shown
from data.labelled import expand, read_labelled
from data.provenance import commit, machine
from data.records import LabelledReport
from data.taxonomy import Taxonomy
from evaluation.behaviour import behaviour
from evaluation.figures import by_category, confusion, figures, slices
from evaluation.page import render
from evaluation.predictions import Predictions, predict, shares_only
from evaluation.robustness import robustness
from model.bundle import load_bundle, load_scorer, scorer_of

BASELINE = "shares only"
LEAST_OF_A_LANGUAGE = 50
"""A language with fewer reports says too little to be called the best or the worst."""


@dataclass(frozen=True)
class Contender:
    """One model of the table.

    :param name: Version, or the baseline's name.
    :param predictions: Its answers.
    :param texts_per_second: Speed of scoring, or None.
    """

    name: str
    predictions: Predictions
    texts_per_second: float | None


def evaluate(
    model: Path,
    paths: Sequence[Path],
    directory: Path,
    *,
    beside: Sequence[Path] = (),
    side: str | None = None,
    seed: int = 0,
    perturbed: bool = False,
) -> dict[str, Any]:
    """Measure a bundle on labelled reports, with a baseline beside it.

    :param model: The bundle.
    :param paths: Labelled files or folders.
    :param directory: Where ``report.json`` and ``report.html`` go.
    :param beside: Other bundles of the same taxonomy, measured in the same run.
    :param side: Keep only the records of this side of the bundle's split (``test``); records
        that the bundle was fitted on say nothing about it.
    :param seed: Seed of the bootstrap.
    :param perturbed: Also score the reports as they might be typed in other ways, in another
        dress, and with what must raise them.
    :return: The report as written to ``report.json``.
    :raises FieldError: If the data break the form, or nothing is left to measure.
    """
    manifest, parts = load_bundle(model)
    records = [r for r in read_labelled(paths, parts.taxonomy) if r.language != "und"]
    if side is not None:
        if side not in parts.splits:
            raise FieldError(
                "side", f"{shown(side)} is no side", f"use one of {', '.join(parts.splits)}"
            )
        kept = set(parts.splits[side])
        records = [r for r in records if r.id in kept]
    if not records:
        raise FieldError(
            "data", "holds no report to measure", "name the data that the bundle was split from"
        )
    sides = ("train", "dev", "calibration")
    seen = {i for name in sides for i in parts.splits.get(name, ())} & {r.id for r in records}
    contenders = [
        Contender(
            BASELINE,
            shares_only(parts.provenance["label_shares"], parts.taxonomy, len(records)),
            None,
        )
    ]
    contenders += [_contender(bundle, records) for bundle in (*beside, model)]
    report = {
        "model": {
            "version": manifest.version,
            "digest": manifest.digest,
            "recipe": manifest.recipe,
        },
        "data": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in expand(paths)
        },
        "side": side,
        "records": len(records),
        "records_seen_in_training": len(seen),
        "seed": seed,
        "code": commit(Path(__file__).parent),
        "machine": machine(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "interval": "95 % percentile bootstrap, 1000 resamples of records",
        "baseline": BASELINE,
        "results": {c.name: _result(c, records, parts.taxonomy, seed) for c in contenders},
        "categories": list(parts.taxonomy.category_codes),
        "guarantees": {code: asdict(flag) for code, flag in parts.thresholds.flags.items()},
        "urgent": asdict(parts.thresholds.urgent) if parts.thresholds.urgent else None,
    }
    if perturbed:
        scorer = scorer_of(manifest, parts)
        report["robustness"] = robustness(scorer, records, seed)
        report["behaviour"] = behaviour(scorer, records)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    page = render(report, contenders[-1].predictions, records, parts.taxonomy)
    (directory / "report.html").write_text(page, encoding="utf-8")
    return report


def _contender(bundle: Path, records: Sequence[LabelledReport]) -> Contender:
    scorer = load_scorer(bundle)
    predict(scorer, records[:20])  # warm up
    started = time.perf_counter()
    predictions = predict(scorer, records)
    return Contender(scorer.version, predictions, len(records) / (time.perf_counter() - started))


def _result(
    contender: Contender, records: Sequence[LabelledReport], taxonomy: Taxonomy, seed: int
) -> dict[str, Any]:
    predictions = contender.predictions
    by_slice = {
        kind: {
            name: figures([records[i] for i in rows], predictions.at(rows), taxonomy, seed)
            for name, rows in named.items()
        }
        for kind, named in slices(records).items()
    }
    truth = np.array([taxonomy.category_codes.index(r.category) for r in records])
    wrong = np.flatnonzero(predictions.category.argmax(axis=1) != truth)
    worst = wrong[np.argsort(-predictions.category[wrong].max(axis=1), kind="stable")][:20]
    return {
        "texts_per_second": contender.texts_per_second,
        "overall": figures(records, predictions, taxonomy, seed),
        "by": by_slice,
        "language_gap": language_gap(by_slice.get("language", {})),
        "by_category": by_category(records, predictions, taxonomy, seed),
        "confusion": confusion(records, predictions, taxonomy),
        # Ids only: a report of figures is passed around more freely than what citizens wrote.
        "most_confident_errors": [records[i].id for i in worst],
    }


def language_gap(by_language: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Tell how far the worst language is behind the best, among those with reports enough."""
    name = "category macro-F1"
    found = {
        code: row[name]["value"]
        for code, row in by_language.items()
        if name in row and row[name]["n"] >= LEAST_OF_A_LANGUAGE
    }
    if len(found) < 2:
        return None
    best, worst = max(found, key=found.__getitem__), min(found, key=found.__getitem__)
    return {
        "value": found[best] - found[worst],
        "best": best,
        "worst": worst,
        "least": LEAST_OF_A_LANGUAGE,
    }
