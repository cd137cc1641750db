"""How well detectors of texts unlike the training data find what is no report.

``python -m training.trials.novelty --data data/corpus --validation DIR --out FILE --model BUNDLE
--public DIR``: each is fitted on training or calibration texts of the bundle, its threshold set to
one false alarm in a hundred on calibration texts, and tried on texts of other kinds; kinds whose
public data are absent are left out.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from data.labelled import read_labelled
from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.bundle import load_bundle
from training.novelty import FALSE_ALARMS, RECORDS, fit_novelty
from training.trials.command import arguments, write

COUNT = 80
SEED = 1
Floats = NDArray[np.float32]
Distances = Callable[[Floats], NDArray[np.float64]]


def main() -> None:
    """Run all trials and write them as JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--public", type=Path, required=True)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    _, parts = load_bundle(extra.model)
    records = read_labelled(given.data, parts.taxonomy)
    kept = read_labelled([given.validation], parts.taxonomy)

    def embed(texts: list[str]) -> Floats:
        return parts.pipeline.embedding(parts.pipeline.transform(texts))

    sides = {
        side: [r for r in records if r.id in {*parts.splits[side]}]
        for side in ("train", "calibration", "test")
    }
    sides["train"] = sides["train"][:: max(1, len(sides["train"]) // RECORDS)]
    placed = {side: embed([r.text for r in own]) for side, own in sides.items()}
    placed["validation"] = embed([r.text for r in kept])
    strange = {name: embed(texts) for name, texts in others(extra.public, records).items()}
    rows = []
    for name, distances in detectors(sides, placed, parts.taxonomy).items():
        # Fitted on every other calibration text at most: the threshold is chosen on the rest.
        threshold = np.quantile(distances(placed["calibration"][1::2]), 1 - FALSE_ALARMS)
        told = {
            f"alarms: {kind}": float((distances(texts) > threshold).mean())
            for kind, texts in {"test": placed["test"], **strange}.items()
        }
        alarms = float((distances(placed["validation"]) > threshold).mean())
        rows.append({"name": name, "seed": SEED, "unseen": told, "validation": {"alarms": alarms}})
        print(rows[-1], flush=True)  # noqa: T201
    write(
        given,
        "Texts unlike the training data: share that trips each detector",
        rows,
        records=len(sides["train"]),
        validation_records=len(kept),
    )


def detectors(
    sides: dict[str, list[LabelledReport]], placed: dict[str, Floats], taxonomy: Taxonomy
) -> dict[str, Distances]:
    """Fit each detector."""

    def places(records: list[LabelledReport]) -> NDArray[np.int64]:
        return np.array([taxonomy.category_codes.index(r.category) for r in records])

    half, own = placed["calibration"][::2], places(sides["calibration"])[::2]
    made: dict[str, Distances] = {
        "all axes, training texts": fit_novelty(placed["train"], places(sides["train"])).distances,
        "all axes, calibration texts": fit_novelty(half, own).distances,
    }
    for axes in (16, 64, 200):
        full = fit_novelty(half, own)
        # eigh sorts by rising spread: the widest come last.
        widest = type(full)(
            full.centre, full.axes[-axes:], full.means[:, -axes:], full.threshold, FALSE_ALARMS
        )
        made[f"{axes} widest axes, calibration texts"] = widest.distances
    for side, texts in (("training", placed["train"]), ("calibration", half)):
        made[f"fifth nearest {side} text, by angle"] = _nearest(texts)
    return made


def _nearest(texts: Floats) -> Distances:
    centre = texts.mean(axis=0)

    def unit(embedding: Floats) -> Floats:
        turned = embedding - centre
        return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), dtype=np.float32)

    neighbours = NearestNeighbors(n_neighbors=5).fit(unit(texts))
    return lambda embedding: np.asarray(neighbours.kneighbors(unit(embedding))[0][:, -1])


def others(public: Path, records: list[LabelledReport]) -> dict[str, list[str]]:
    """Gather texts of other kinds: some made here, some of public data where it lies."""
    rng = np.random.default_rng(SEED)
    letters = list("abcdefghijklmnopqrstuvwxyz   ")
    found = {
        "random letters": ["".join(rng.choice(letters, 200)) for _ in range(COUNT)],
        "source code": _code(),
        "other languages": [r.text for r in records if r.language == "und"][:COUNT],
    }
    for name, file in (
        ("encyclopaedia, Darija", "seed/ary_Arab.txt"),
        ("encyclopaedia, Tifinagh", "seed/zgh_Tfng.txt"),
    ):
        if (public / file).exists():
            lines = (public / file).read_text(encoding="utf-8").split("\n")
            found[name] = [line for line in lines if line.strip()][: 5 * COUNT : 5]
    for name, file in (
        ("posts, English", "edos/edos_labelled_aggregated.csv"),
        ("text messages, English", "sms_spam/sms_en_fr.csv"),
    ):
        if (public / file).exists():
            with (public / file).open(encoding="utf-8-sig", newline="") as rows:
                found[name] = [row["text"] for row in csv.DictReader(rows)][: 5 * COUNT : 5]
    return found


def _code() -> list[str]:
    folder = Path(__file__).parents[2] / "model"
    blocks = [b for f in sorted(folder.glob("*.py")) for b in f.read_text("utf-8").split("\n\n")]
    return [block for block in blocks if 80 < len(block) < 500][:COUNT]


if __name__ == "__main__":
    main()
