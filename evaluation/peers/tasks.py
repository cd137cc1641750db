"""What is to be learnt: our own categories, and those of public data sets.

A task is handed to the contenders as files, so that each can run in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.errors import FieldError
from data.labelled import expand, read_labelled
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import Taxonomy, load_taxonomy
from evaluation.peers.public import PUBLIC, read_public
from evaluation.peers.skip import Skip
from model.bundle import load_bundle

OWN = "validation"
TEST_SHARE = 0.25
"""Of a public data set."""


@dataclass(frozen=True)
class Task:
    """Texts to learn from and texts to be measured on.

    :param name: Short name.
    :param title: What it is, for a reader of the table.
    :param labels: Category codes, in order.
    :param train: Records that contenders learn from.
    :param test: Records that they are measured on.
    :param hashes: SHA-256 of the data files, by name.
    :param corpus: Files that Farz's recipes split themselves, on our own task; None where they
        are given the training records.
    :param taxonomy: Labels of our own task, None for a public one, which has categories alone.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    train: tuple[LabelledReport, ...]
    test: tuple[LabelledReport, ...]
    hashes: dict[str, str]
    corpus: Path | None = None
    taxonomy: Taxonomy | None = None

    def limited(self, limit: int, seed: int) -> Task:
        """Keep some records of each side, to try a run out; its figures mean nothing."""
        rng = np.random.default_rng(seed)
        train, test = (
            tuple(side[i] for i in sorted(rng.permutation(len(side))[:limit]))
            for side in (self.train, self.test)
        )
        return replace(self, train=train, test=test, corpus=None)

    def write(self, folder: Path) -> None:
        """Write ``train.jsonl``, ``test.jsonl`` and, for a public task, ``taxonomy.toml``."""
        folder.mkdir(parents=True, exist_ok=True)
        for side, records in (("train", self.train), ("test", self.test)):
            with (folder / f"{side}.jsonl").open("w", encoding="utf-8") as file:
                for record in records:
                    file.write(json.dumps(_plain(record), ensure_ascii=False) + "\n")
        if self.taxonomy is None:
            lines = [f'name = "{self.name}"', "version = 1"]
            lines += [f'[[categories]]\ncode = "{code}"' for code in self.labels]
            (folder / "taxonomy.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def own_task(corpus: Path, validation: Path, released: Path) -> Task:
    """Learn from what the released bundle learnt from; be measured on the validation set.

    :param corpus: The corpus that the bundle was made from.
    :param validation: Reports by other writers.
    :param released: The released bundle.
    :return: The task.
    :raises Skip: If one of them is not there.
    :raises FieldError: If the corpus is not the one that the bundle was made from.
    """
    for path, what in ((corpus, "corpus"), (validation, "validation data"), (released, "bundle")):
        if not path.exists():
            raise Skip(f"no {what}")
    taxonomy = load_taxonomy()
    _, parts = load_bundle(released)
    wanted = {i for side in ("train", "dev") for i in parts.splits.get(side, ())}
    train = [r for r in read_labelled([corpus], taxonomy) if r.id in wanted]
    if len(train) != len(wanted):
        raise FieldError(
            "data",
            f"holds {len(train)} of the {len(wanted)} records that the bundle learnt from",
            "name the corpus that it was made from",
        )
    test = [r for r in read_labelled([validation], taxonomy) if r.language != "und"]
    return Task(
        OWN,
        "Our validation set",
        taxonomy.category_codes,
        tuple(train),
        tuple(test),
        hashes_of([corpus, validation]),
        corpus,
        taxonomy,
    )


def public_task(name: str, folder: Path, seed: int) -> Task:
    """Hold a quarter of a public data set out, near copies of a text on one side together.

    :param name: One of ``evaluation.peers.public.PUBLIC``.
    :param folder: Folder of public data.
    :param seed: Seed of the split.
    :return: The task.
    :raises Skip: If the data are not there.
    """
    records = read_public(name, folder)
    sides = split(records, calibration=0.0, test=TEST_SHARE, seed=seed)
    return Task(
        name,
        PUBLIC[name].title,
        tuple(sorted({r.category for r in records})),
        tuple(records[i] for i in sides.train),
        tuple(records[i] for i in sides.test),
        hashes_of([folder / PUBLIC[name].file]),
    )


def hashes_of(paths: Sequence[Path]) -> dict[str, str]:
    """Hash files, and the labelled files of folders, by name."""
    files = [f for path in paths for f in (expand([path]) if path.is_dir() else [path])]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def _plain(record: LabelledReport) -> dict[str, object]:
    values = {**vars(record), "lang": record.language}
    kept = ("id", "text", "category", "lang", "priority", "flags", "source", "scenario", "writer")
    return {key: values[key] for key in kept if values[key] is not None}
