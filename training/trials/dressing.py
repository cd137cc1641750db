"""What a copy of each training text in another dress gives to words alone.

``python -m training.trials.dressing --data data/corpus --validation DIR --out FILE``: fitted on
the training side of the lexical recipe's split, measured on its calibration and test sides
together ("unseen") and on the validation set. "Moved" is the share of reports whose category
changes when they are dressed anew.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from data.labelled import read_labelled
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import load_taxonomy
from model.features import LexicalFeatures
from model.heads import Heads
from training.config import FeatureConfig, HeadConfig
from training.dressing import dressed_copies
from training.fit import fit_heads, truth_of
from training.measures import macro_f1
from training.trials.command import arguments, write

SEED = 20241011
TRIALS = {
    f"{'dressed' if dressed else 'plain'}, inverse penalty {penalty}": HeadConfig(
        penalty, dressed=dressed
    )
    for dressed, penalty in ((False, 3.0), (False, 1.8), (True, 3.0), (True, 1.8), (True, 1.0))
}


def main() -> None:
    """Run all trials and write them as JSON."""
    given = arguments(__doc__)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    sides = split(records, calibration=0.15, test=0.07, seed=SEED)
    training = [records[i] for i in sides.train]
    measured = {
        "unseen": [records[i] for i in (*sides.calibration, *sides.test)],
        "validation": read_labelled([given.validation], taxonomy),
    }
    rows = []
    for name, config in TRIALS.items():
        started = time.perf_counter()
        learnt = [*training]
        if config.dressed:
            copies = zip(training, dressed_copies(training, SEED), strict=True)
            learnt += [replace(record, text=text) for record, text in copies]
        features = LexicalFeatures(**asdict(FeatureConfig()))
        matrix = features.fit_transform([r.text for r in learnt])
        heads = fit_heads(matrix, learnt, taxonomy, config)
        row: dict[str, object] = {"name": name, "seed": SEED}
        for side, own in measured.items():
            row[side] = _measures(features, heads, own, truth_of(own, taxonomy)["category"])
        rows.append(row | {"seconds": time.perf_counter() - started})
        print(rows[-1], flush=True)  # noqa: T201
    write(
        given,
        "Words alone, learnt from a copy of each text in another dress too",
        rows,
        records=len(training),
        validation_records=len(measured["validation"]),
    )


def _measures(
    features: LexicalFeatures, heads: Heads, records: list[LabelledReport], truth: NDArray[np.int64]
) -> dict[str, float]:
    def found(texts: list[str]) -> NDArray[np.int64]:
        told = heads.probabilities(features.transform(texts))["category"]
        return np.asarray(told.argmax(axis=1), dtype=np.int64)

    plain, dressed = found([r.text for r in records]), found(dressed_copies(records, SEED + 1))
    return {
        "category_f1": macro_f1(truth, plain),
        "dressed": macro_f1(truth, dressed),
        "moved": float((plain != dressed).mean()),
    }


if __name__ == "__main__":
    main()
