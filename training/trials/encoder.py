"""What was tried in fine-tuning, one configuration a row, after each epoch on the validation set.

A trial learns from a share of the situations, since a full run takes most of an hour on two
cores; what wins is run in full as the released model.

``python -m training.trials.encoder --data data/corpus --validation DIR --out FILE
--prepared DIR [--only NAME …] [--share 0.5]``
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.labelled import read_labelled
from data.provenance import commit
from data.records import LabelledReport
from data.splits import groups
from data.taxonomy import Taxonomy, load_taxonomy
from training.encoder.config import FinetuneConfig
from training.encoder.finetune import Finetuning
from training.encoder.make import TRIMMED, hold_out
from training.trials.command import arguments, write
from training.trials.measures import measures

SEED = 7
_BASE = FinetuneConfig(epochs=4, augmentation="none")


@dataclass(frozen=True)
class Trial:
    """One configuration.

    :param name: What differs from the base.
    :param config: The configuration.
    """

    name: str
    config: FinetuneConfig


TRIALS = (
    Trial("base: probe, rate 1e-4", _BASE),
    Trial("heads start at random", replace(_BASE, probe=0.0)),
    Trial("rate 2e-4", replace(_BASE, rate=2e-4)),
    Trial("rate 5e-5", replace(_BASE, rate=5e-5)),
    Trial("typed-again texts", replace(_BASE, augmentation="typed")),
    Trial("typed-again texts, Arabic-script view", replace(_BASE, augmentation="script")),
    Trial("contrastive loss", replace(_BASE, contrast=0.2)),
    Trial("averaged weights", replace(_BASE, average=0.99)),
    Trial("equal rates in all layers", replace(_BASE, layer_decay=1.0)),
    Trial("label smoothing", replace(_BASE, label_smoothing=0.1)),
    Trial("six layers", replace(_BASE, layers=6)),
)


def main() -> None:
    """Run trials and write them as JSON; those already in the file are kept."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--share", type=float, default=0.5)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    kept = read_labelled([given.validation], taxonomy)
    training, dev = hold_out(some(records, extra.share), 0.06, SEED)
    unknown = sorted({*(extra.only or ())} - {trial.name for trial in TRIALS})
    if unknown:
        parser.error(f"no trial is called {unknown[0]!r}; there are {[t.name for t in TRIALS]}")
    title = f"Fine-tuning on {extra.share:.0%} of the situations"
    rows = earlier(given.out, title, len(training))
    for trial in TRIALS:
        if extra.only and trial.name not in extra.only:
            continue
        row = run(trial, extra.prepared / TRIMMED, training, dev, kept, taxonomy)
        rows = [r for r in rows if r["name"] != trial.name] + [row]
        write(
            given,
            title,
            rows,
            records=len(training),
            validation_records=len(kept),
        )


def earlier(path: Path, title: str, records: int) -> list[dict[str, Any]]:
    """Give the rows of an earlier call, where it was on the same data."""
    if not path.exists():
        return []
    done = json.loads(path.read_text("utf-8"))
    same = (done["title"], done["records"]) == (title, records)
    return done["trials"] if same else []


def some(records: Sequence[LabelledReport], share: float) -> list[LabelledReport]:
    """Keep a share of the situations, with all their tellings."""
    group = np.array(groups(records))
    order = np.random.default_rng(SEED).permutation(group.max() + 1)
    chosen = set(order[: max(1, round(share * len(order)))].tolist())
    return [r for r, g in zip(records, group, strict=True) if int(g) in chosen]


def run(
    trial: Trial,
    checkpoint: Path,
    training: Sequence[LabelledReport],
    dev: Sequence[LabelledReport],
    kept: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """Fine-tune by one configuration and measure after every epoch.

    :return: The row of the table.
    """
    started = time.perf_counter()
    tuning = Finetuning(checkpoint, training, dev, taxonomy, trial.config, SEED)
    curve: list[dict[str, float]] = []

    def look(_: object) -> None:
        curve.append(measures(tuning.heads(), tuning.embed([r.text for r in kept]), kept, taxonomy))
        print(trial.name, len(curve), json.dumps(curve[-1]), flush=True)  # noqa: T201

    tuning.run(after_epoch=look)
    kept_epoch = int(np.argmin([row["dev_loss"] for row in tuning.history]))
    return {
        "name": trial.name,
        "code": commit(Path(__file__).parent),
        "config": asdict(trial.config),
        "seed": SEED,
        "unseen": {},
        "kept_epoch": kept_epoch + 1,
        "validation": curve[kept_epoch],
        "epochs": curve,
        "history": tuning.history,
        "seconds": round(time.perf_counter() - started, 1),
    }


if __name__ == "__main__":
    main()
