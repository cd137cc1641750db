"""One training run: labelled files and a configuration in, a bundle out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import FieldError
from data.labelled import expand, read_labelled
from data.language import load_identifier
from data.provenance import provenance
from data.records import LabelledReport, Report
from data.splits import split
from data.taxonomy import Taxonomy
from model.bundle import Manifest, Parts, check_replaceable, save_bundle
from model.decision import Combined, Thresholds
from model.guarantees import (
    UrgentThreshold,
    flag_threshold,
    set_threshold,
    urgent_threshold,
)
from model.heads import Heads
from model.pipeline import Pipeline
from model.scorer import read_reports
from training.config import TrainingConfig
from training.recipe import Progress, check_encoder, fit


def train(
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    directory: Path,
    *,
    encoder: Path | None = None,
    reference: bool = False,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Read, split, fit, choose thresholds, and write the bundle.

    Records in languages that Farz does not read (``und``) teach the heads nothing: they are
    left out here, and serve language identification alone.

    :param paths: Labelled files or folders.
    :param taxonomy: The label sets.
    :param config: The run's configuration.
    :param directory: Where the bundle goes.
    :param encoder: Folder that ``farz encoder`` wrote; for the recipes that have one.
    :param reference: Use the encoder's float32 graph: five times larger, half as fast.
    :param progress: Called with the name of each step as it begins.
    :return: The manifest written.
    :raises FieldError: If the data break the form.
    :raises BundleError: If the folder holds something that is no bundle.
    """
    check_replaceable(directory.resolve())
    check_encoder(config, encoder)
    started = time.perf_counter()
    progress("read")
    records = [r for r in read_labelled(paths, taxonomy) if r.language != "und"]
    progress("split")
    sides = split(
        records, calibration=config.split.calibration, test=config.split.test, seed=config.seed
    )
    training = [records[i] for i in sides.train]
    calibration = [records[i] for i in sides.calibration]
    if not training or not calibration:
        raise FieldError(
            "data",
            f"{len(records)} records leave {len(training)} to train on and {len(calibration)} "
            "to calibrate with",
            "give at least some dozens, of many scenarios",
        )
    fitted = fit(training, taxonomy, config, encoder, progress, reference=reference)
    progress("thresholds")
    thresholds = choose_thresholds(
        fitted.pipeline, fitted.heads, calibration, taxonomy, config.priority.review_cost
    )
    made = provenance(expand(paths), Path(__file__).parent)
    made |= {
        "configuration": asdict(config),
        "records": {side: len(getattr(sides, side)) for side in ("train", "calibration", "test")},
        "encoder": fitted.about,
        "languages": sorted({r.language for r in records if r.language}),
        "label_shares": label_shares(training, taxonomy),
        "training_seconds": round(time.perf_counter() - started, 2),
    }
    progress("write")
    ids = {
        side: [records[i].id for i in getattr(sides, side)]
        for side in ("train", "calibration", "test")
    }
    if fitted.dev:
        ids["train"] = [name for name in ids["train"] if name not in fitted.dev]
        ids["dev"] = sorted(fitted.dev)
    return save_bundle(
        Parts(config.recipe, taxonomy, fitted.pipeline, fitted.heads, thresholds, made, ids),
        directory,
    )


def choose_thresholds(
    pipeline: Pipeline,
    heads: Heads,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    review_cost: float = 0.1,
) -> Thresholds:
    """Choose all thresholds on calibration records.

    :param pipeline: Fitted features.
    :param heads: Fitted heads.
    :param records: Records used for nothing else.
    :param taxonomy: Labels and each flag's target.
    :param review_cost: Share of the less urgent reports that may be put in the first priority.
    :return: The thresholds with their guarantees.
    """
    identifier = load_identifier()
    texts = [r.text for r in records]
    read = read_reports(
        pipeline, heads, identifier, [Report(t) for t in texts], identifier.identify(texts)
    )
    codes = taxonomy.category_codes
    truth = np.array([codes.index(r.category) for r in records])
    flags = {}
    for head in heads.heads:
        if head.name.startswith("flag:"):
            code = head.labels[0]
            known = np.array([r.flags is not None for r in records])
            raised = np.array([code in (r.flags or ()) for r in records])
            flags[code] = flag_threshold(
                np.array([combined.flags[code] for combined in read])[known],
                raised[known],
                taxonomy.flag(code).max_miss_rate,
            )
    category = np.array([combined.category for combined in read])
    return Thresholds(
        set_threshold(category, truth), flags, _urgent(read, records, taxonomy, review_cost)
    )


def _urgent(
    read: Sequence[Combined],
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    review_cost: float,
) -> UrgentThreshold | None:
    rated = [
        (combined.priority[0], record.priority == taxonomy.priority_codes[0])
        for combined, record in zip(read, records, strict=True)
        if combined.priority is not None and record.priority is not None
    ]
    if not rated:
        return None
    probabilities, truth = zip(*rated, strict=True)
    return urgent_threshold(np.array(probabilities), np.array(truth), review_cost)


def label_shares(records: Sequence[LabelledReport], taxonomy: Taxonomy) -> dict[str, Any]:
    """Give the share of each label among the training records.

    These are what a model without any text would answer, and the baseline in every table.
    """
    total = len(records)
    rated = [r for r in records if r.priority is not None]
    return {
        "category": {
            code: sum(r.category == code for r in records) / total
            for code in taxonomy.category_codes
        },
        "priority": {
            code: sum(r.priority == code for r in rated) / len(rated) if rated else 0.0
            for code in taxonomy.priority_codes
        },
        "flags": {
            code: sum(code in (r.flags or ()) for r in records) / total
            for code in taxonomy.flag_codes
        },
    }
