"""What was tried in fine-tuning, one configuration a row.

A trial learns from a share of the situations, since a full run takes most of an hour on two
cores; what wins is run in full as the released model. Each is measured on the validation set and on
reports of situations that no trial learns from, which are harder and more.

``python -m training.trials.encoder --data data/corpus --validation DIR --out FILE
--prepared DIR --answers DIR [--only NAME …] [--share 0.2]``
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
from scipy.sparse import csr_array

from data.labelled import read_labelled
from data.provenance import commit
from data.records import LabelledReport
from data.splits import groups
from data.taxonomy import Taxonomy, load_taxonomy
from training.encoder.config import FinetuneConfig
from training.encoder.finetune import Finetuning
from training.encoder.make import TRIMMED, hold_out
from training.measures import measures
from training.trials.command import arguments, write

SEED = 7
UNSEEN = 1000
_BASE = FinetuneConfig(epochs=3, augmentation="script")


@dataclass(frozen=True)
class Trial:
    """One configuration.

    :param name: What differs from the base.
    :param config: The configuration.
    :param views: Whether Arabizi is read in both its spellings.
    :param teachers: Trials whose answers are averaged and taught; they must have run before.
    """

    name: str
    config: FinetuneConfig
    views: bool = True
    teachers: tuple[str, ...] = ()


_ONE_SPELLING = "typed-again texts, Arabizi as it is"
_SWITCH = "also switching languages"
_AVERAGE = "averaged weights"
TRIALS = (
    Trial("base: typed-again texts, both spellings of Arabizi", _BASE),
    Trial(_ONE_SPELLING, replace(_BASE, augmentation="typed"), views=False),
    Trial("texts as they are", replace(_BASE, augmentation="none"), views=False),
    Trial(_SWITCH, replace(_BASE, augmentation="switch")),
    Trial("more typing errors", replace(_BASE, augmentation="hasty")),
    Trial("more typing errors, Darija in both scripts", replace(_BASE, augmentation="scripts")),
    Trial(
        "more typing errors, both scripts, other greetings, places and apps",
        replace(_BASE, augmentation="dressed"),
    ),
    Trial(_AVERAGE, replace(_BASE, average=0.99)),
    Trial("contrastive loss by situation", replace(_BASE, contrast=0.2)),
    Trial("rate 5e-5", replace(_BASE, rate=5e-5)),
    Trial("half the way back", replace(_BASE, way_back=1.0)),
    Trial("language balance", replace(_BASE, language_balance=0.5)),
    Trial("raised flags weigh more", replace(_BASE, flag_balance=0.5)),
    Trial("equal rates in all layers", replace(_BASE, layer_decay=1.0)),
    Trial("rate 2e-4", replace(_BASE, rate=2e-4)),
    Trial("four lowest layers frozen", replace(_BASE, frozen_layers=4)),
    Trial("six layers", replace(_BASE, layers=6)),
    Trial("heads start at random", replace(_BASE, probe=0.0)),
    Trial(
        "distilled from three",
        replace(_BASE, distil=0.5),
        teachers=(_ONE_SPELLING, _SWITCH, _AVERAGE),
    ),
)


def main() -> None:
    """Run trials and write them as JSON; those already in the file are kept."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--share", type=float, default=0.2)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    unknown = sorted({*(extra.only or ())} - {trial.name for trial in TRIALS})
    if unknown:
        parser.error(f"no trial is called {unknown[0]!r}; there are {[t.name for t in TRIALS]}")
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    chosen, left = some(records, extra.share)
    sets = Sets(
        *hold_out(chosen, 0.08, SEED),
        unseen=sample(left, UNSEEN),
        validation=read_labelled([given.validation], taxonomy),
    )
    extra.answers.mkdir(parents=True, exist_ok=True)
    title = f"Fine-tuning on {extra.share:.0%} of the situations"
    for trial in TRIALS:
        if extra.only and trial.name not in extra.only:
            continue
        row = run(trial, extra.prepared / TRIMMED, sets, taxonomy, extra.answers)
        # Read again: another process may have written its trials meanwhile.
        rows = [r for r in earlier(given.out, title, len(sets.training)) if r["name"] != trial.name]
        order = [known.name for known in TRIALS]
        write(
            given,
            title,
            sorted([*rows, row], key=lambda r: order.index(r["name"])),
            records=len(sets.training),
            validation_records=len(sets.validation),
        )


@dataclass(frozen=True)
class Sets:
    """What a trial learns from, stops by and is measured on."""

    training: Sequence[LabelledReport]
    dev: Sequence[LabelledReport]
    unseen: Sequence[LabelledReport]
    validation: Sequence[LabelledReport]


def earlier(path: Path, title: str, records: int) -> list[dict[str, Any]]:
    """Give the rows of an earlier call, where it was on the same data."""
    if not path.exists():
        return []
    done = json.loads(path.read_text("utf-8"))
    same = (done["title"], done["records"]) == (title, records)
    return done["trials"] if same else []


def some(
    records: Sequence[LabelledReport], share: float
) -> tuple[list[LabelledReport], list[LabelledReport]]:
    """Part a share of the situations, with all their tellings, from the others."""
    group = np.array(groups(records))
    order = np.random.default_rng(SEED).permutation(group.max() + 1)
    chosen = set(order[: max(1, round(share * len(order)))].tolist())
    kept: list[LabelledReport] = []
    left: list[LabelledReport] = []
    for record, own in zip(records, group.tolist(), strict=True):
        (kept if own in chosen else left).append(record)
    return kept, left


def sample(records: Sequence[LabelledReport], count: int) -> list[LabelledReport]:
    """Draw records without replacement."""
    drawn = np.random.default_rng(SEED).permutation(len(records))[:count]
    return [records[row] for row in drawn]


def run(
    trial: Trial, checkpoint: Path, sets: Sets, taxonomy: Taxonomy, answers: Path
) -> dict[str, Any]:
    """Fine-tune by one configuration and measure what it keeps.

    :return: The row of the table.
    """
    started = time.perf_counter()
    teacher = None
    if trial.teachers:
        told = [np.load(answers / f"{slug(name)}.npz") for name in trial.teachers]
        teacher = {
            name: np.mean([one[name] for one in told], axis=0).astype(np.float32)
            for name in told[0].files
        }
    tuning = Finetuning(checkpoint, sets.training, sets.dev, taxonomy, trial.config, SEED, teacher)
    tuning.run(progress=lambda *told: print(trial.name, *told, end="\r", flush=True))  # noqa: T201
    seconds = time.perf_counter() - started
    heads = tuning.heads()
    found = {
        name: measures(heads, tuning.embed(records, views=trial.views), records, taxonomy)
        for name, records in (("validation", sets.validation), ("unseen", sets.unseen))
    }
    known = heads.probabilities(csr_array(tuning.embed(sets.training, views=trial.views)))
    flags = np.hstack([known.pop(f"flag:{code}") for code in taxonomy.flag_codes])
    np.savez(answers / f"{slug(trial.name)}.npz", **known, flags=flags)
    print(trial.name, round(seconds), json.dumps(found), flush=True)  # noqa: T201
    return {
        "name": trial.name,
        "code": commit(Path(__file__).parent),
        "config": asdict(trial.config),
        "seed": SEED,
        **found,
        "history": tuning.history,
        "seconds": round(seconds, 1),
    }


def slug(name: str) -> str:
    """Turn a trial's name into a file's."""
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())


if __name__ == "__main__":
    main()
