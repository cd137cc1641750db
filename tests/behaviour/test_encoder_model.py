"""What holds for a model with an encoder, whatever the encoder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from data.records import LabelledReport, Report
from model.bundle import (
    ENCODER_FILES,
    MANIFEST,
    BundleError,
    Parts,
    load_bundle,
    load_scorer,
    save_bundle,
)
from model.scorer import Scorer


@pytest.fixture(scope="module")
def encoder_scorer(encoder_bundle: Path) -> Scorer:
    return load_scorer(encoder_bundle)


def flat(scorer: Scorer, reports: list[Report]) -> np.ndarray:
    return np.array(
        [
            [
                *score.category.probabilities.values(),
                *score.priority.probabilities.values(),
                *(flag.probability for flag in score.flags.values()),
            ]
            for score in scorer.score(reports)
        ]
    )


def test_a_score_is_the_same_alone_and_in_any_batch(
    encoder_scorer: Scorer, records: list[LabelledReport]
):
    reports = [Report(r.text) for r in records[:20]] + [Report(records[0].text * 60), Report("a")]
    together = flat(encoder_scorer, reports)
    alone = np.concatenate([flat(encoder_scorer, [report]) for report in reports])
    assert np.abs(together - alone).max() < 1e-5
    backwards = flat(encoder_scorer, reports[::-1])[::-1]
    assert np.abs(together - backwards).max() < 1e-5


def test_the_last_line_of_a_long_report_counts(encoder_scorer: Scorer):
    talk = "Bonjour, je vous raconte ma journée au marché avec mes voisines. " * 60
    quiet, loud = encoder_scorer.score(
        [Report(talk), Report(talk + "Il dit qu'il vient ce soir avec un couteau chez ma soeur")]
    )
    danger = "imminent_danger"
    assert loud.flags[danger].probability > 2 * quiet.flags[danger].probability


def test_it_comes_back_from_disk_as_it_was(
    encoder_parts: Parts, encoder_scorer: Scorer, records: list[LabelledReport]
):
    texts = [r.text for r in records]
    before = encoder_parts.heads.probabilities(encoder_parts.pipeline.transform(texts).matrix)
    after = encoder_scorer.heads.probabilities(encoder_scorer.pipeline.transform(texts).matrix)
    for name, values in before.items():
        assert np.allclose(values, after[name], atol=1e-6), name


@pytest.mark.parametrize("name", ENCODER_FILES)
def test_an_altered_or_missing_part_of_the_encoder_is_refused(
    encoder_bundle: Path, tmp_path: Path, name: str
):
    copy = Path(shutil.copytree(encoder_bundle, tmp_path / "copy"))
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} was altered"):
        load_scorer(copy)
    (copy / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        load_scorer(copy)
    raw = json.loads((copy / MANIFEST).read_text())
    del raw["files"][name]
    (copy / MANIFEST).write_text(json.dumps(raw))
    with pytest.raises(BundleError, match=f"does not list {name}"):
        load_scorer(copy)


def test_a_bundle_that_was_loaded_to_serve_is_copied_not_written_anew(
    encoder_bundle: Path, tmp_path: Path
):
    _, parts = load_bundle(encoder_bundle)
    with pytest.raises(BundleError, match="copy the bundle's folder"):
        save_bundle(parts, tmp_path / "again")
    assert not list(tmp_path.iterdir())


def test_a_bundle_of_the_first_format_is_still_read(bundle: Path, tmp_path: Path):
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    raw = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(raw | {"format": 1}))
    assert load_scorer(copy).score([Report("bonjour")])
