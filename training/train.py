"""One training run: labelled files and a configuration in, a bundle out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.errors import FieldError
from data.labelled import expand, read_labelled
from data.provenance import provenance
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import Taxonomy
from model.bundle import Manifest, Parts, check_replaceable, save_bundle
from training.config import TrainingConfig
from training.recipe import Progress, check_encoder, fit
from training.thresholds import choose_thresholds


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
        fitted.pipeline, fitted.heads, calibration, taxonomy, config.priority.review_cost, training
    )
    made = provenance(expand(paths), Path(__file__).parent)
    made |= {
        "configuration": asdict(config),
        "records": {side: len(getattr(sides, side)) for side in ("train", "calibration", "test")},
        "encoder": fitted.about,
        "languages": sorted({r.language for r in records if r.language}),
        "sources": sorted({r.source for r in records if r.source}),
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
