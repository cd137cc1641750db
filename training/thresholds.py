"""Choose every threshold of a model on calibration records, as reports are served."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.language import load_identifier
from data.records import LabelledReport, Report
from data.taxonomy import Taxonomy
from model.decision import Combined
from model.guarantees import (
    UrgentThreshold,
    flag_thresholds,
    set_threshold,
    urgent_threshold,
)
from model.heads import Heads
from model.novelty import Novelty
from model.pipeline import Pipeline
from model.scorer import read_reports
from model.thresholds import Thresholds
from training.novelty import FALSE_ALARMS, RECORDS, fit_novelty


def choose_thresholds(
    pipeline: Pipeline,
    heads: Heads,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    review_cost: float = 0.1,
    known: Sequence[LabelledReport] = (),
) -> Thresholds:
    """Choose all thresholds on calibration records.

    :param pipeline: Fitted features.
    :param heads: Fitted heads.
    :param records: Records used for nothing else.
    :param taxonomy: Labels and each flag's target.
    :param review_cost: Share of the less urgent reports that may be put in the first priority.
    :param known: Training records, which texts are like or unlike; none for no such detector.
    :return: The thresholds with their guarantees.
    """
    identifier = load_identifier()
    texts = [r.text for r in records]
    novelty = _novelty(pipeline, known, taxonomy)
    reports, languages = [Report(text) for text in texts], identifier.identify(texts)
    read = read_reports(pipeline, heads, identifier, reports, languages, novelty)
    if novelty is not None:
        ordinary = np.array([combined.distance for combined in read], dtype=np.float64)
        novelty = novelty.with_threshold(ordinary, FALSE_ALARMS)
    codes = taxonomy.category_codes
    truth = np.array([codes.index(r.category) for r in records])
    spoken = np.array([language.code for language in languages])
    flags = {}
    for head in heads.heads:
        if head.name.startswith("flag:"):
            code = head.labels[0]
            marked = np.array([r.flags is not None for r in records])
            raised = np.array([code in (r.flags or ()) for r in records])
            flags[code] = flag_thresholds(
                np.array([combined.flags[code] for combined in read])[marked],
                raised[marked],
                spoken[marked].tolist(),
                taxonomy.flag(code).max_miss_rate,
            )
    category = np.array([combined.category for combined in read])
    return Thresholds(
        set_threshold(category, truth),
        flags,
        _urgent(read, records, taxonomy, review_cost),
        novelty,
    )


def _novelty(
    pipeline: Pipeline, known: Sequence[LabelledReport], taxonomy: Taxonomy
) -> Novelty | None:
    if pipeline.encoder is None or not known:
        return None
    some = known[:: max(1, len(known) // RECORDS)]
    embedding = pipeline.embedding(pipeline.transform([r.text for r in some]))
    codes = taxonomy.category_codes
    return fit_novelty(embedding, np.array([codes.index(r.category) for r in some]))


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
