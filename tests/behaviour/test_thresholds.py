"""Thresholds decide about reports as they are served: in windows, not as whole texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.records import LabelledReport, Report
from data.taxonomy import Taxonomy
from model.bundle import Parts, save_bundle
from model.bundle import load_scorer as load
from training.thresholds import choose_thresholds

PREAMBLE = "Bonjour, je vous écris au sujet de mon abonnement au club de sport. " * 60


@pytest.mark.parametrize("flag", ["child_grooming", "terrorism_apology", "minor_involved"])
def test_what_was_counted_when_choosing_is_what_is_raised_when_serving(
    encoder_parts: Parts, records: list[LabelledReport], taxonomy: Taxonomy, tmp_path, flag: str
):
    # Telling words at the end of a long text, and no flag: raised in their window, drowned in the
    # whole.
    long = [replace(r, id=f"long-{r.id}", text=PREAMBLE + r.text * 9, flags=()) for r in records]
    mixed = [*records, *long]
    thresholds = choose_thresholds(encoder_parts.pipeline, encoder_parts.heads, mixed, taxonomy)
    save_bundle(replace(encoder_parts, thresholds=thresholds), tmp_path / "bundle")
    scores = load(tmp_path / "bundle").score([Report(r.text) for r in mixed])
    raised = [score.flags[flag].raised for score in scores]
    flagged = [flag in r.flags for r in mixed]
    chosen = thresholds.flags[flag]
    assert chosen.positives == sum(flagged)
    assert chosen.missed == sum(f and not up for f, up in zip(flagged, raised, strict=True))
    false = sum(up and not f for f, up in zip(flagged, raised, strict=True))
    assert chosen.false_positive_rate == pytest.approx(false / (len(mixed) - sum(flagged)))
