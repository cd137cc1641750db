"""Farz's own recipes, run as its command line runs them: training is another room's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.records import Report
from evaluation.peers.contenders import Job, Peer
from evaluation.peers.skip import require
from model.bundle import load_scorer

ROOT = Path(__file__).parents[2]
PUBLIC_EPOCHS = 3


class Lexical(Peer):
    """Words alone."""

    recipe = "lexical"
    bundle: Path

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Train a bundle from the task's files.

        :param texts: Not used: the command reads the files.
        :param labels: Not used either.
        """
        self._train(self._encoder())
        made = _provenance(self.bundle)
        self.seconds = made["training_seconds"]
        self.trained_on = made["records"]["train"]
        self._compare()
        self._open()

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text; priority, flags and reasons are worked out all the same."""
        return [score.category.label for score in self.scorer.score([Report(t) for t in texts])]

    def save(self, folder: Path) -> None:
        """Copy the bundle."""
        shutil.copytree(self.bundle, folder / "model")

    def _encoder(self) -> Path | None:
        return None

    def _open(self) -> None:
        self.scorer = load_scorer(self.bundle)

    def _train(self, encoder: Path | None) -> None:
        self.bundle = self.job.work / "bundle"
        given = ["--encoder", str(encoder)] if encoder else []
        self._farz("train", *self._data(), *given, "--out", str(self.bundle))

    def _data(self) -> list[str]:
        """Name data, labels and configuration as ``farz train`` takes them."""
        recipe = ROOT / "training" / "recipes" / f"{self.recipe}.toml"
        if self.job.corpus is not None:
            return ["--data", str(self.job.corpus), "--config", str(recipe)]
        config = self.job.work / "config.toml"
        config.write_text(public_config(recipe.read_text(encoding="utf-8")), encoding="utf-8")
        named = ["--data", str(self.job.folder / "train.jsonl"), "--config", str(config)]
        taxonomy = self.job.folder / "taxonomy.toml"
        return [*named, "--taxonomy", str(taxonomy)] if taxonomy.exists() else named

    def _compare(self) -> None:
        """Say so where the bundle's training side is not what the peers learnt from."""
        if self.job.corpus is None:
            self.note = "of the training texts, calibration is set apart"
            return
        lines = (self.job.folder / "train.jsonl").read_text(encoding="utf-8").split("\n")
        given = {json.loads(line)["id"] for line in lines if line}
        splits = json.loads((self.bundle / "splits.json").read_text(encoding="utf-8"))
        other = len(given ^ {*splits["train"], *splits.get("dev", ())})
        if other:
            self.note = f"its training side differs from the peers' by {other} texts"

    def _farz(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "farz", *arguments], check=True, cwd=ROOT)


class Frozen(Lexical):
    """The encoder as it comes, beside words."""

    recipe = "frozen"

    def _encoder(self) -> Path | None:
        return self.job.encoder


class Finetuned(Lexical):
    """The encoder fine-tuned: the released bundle on our own task, a short run on a public one."""

    recipe = "finetuned"

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        if job.released is None:
            require(("torch", "transformers", "onnx", "onnx_ir"), "train,finetune")

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Take the released bundle, or fine-tune and train one."""
        if self.job.released is None:
            super().fit(texts, labels)
            self.note = f"{PUBLIC_EPOCHS} readings; {self.note}"
        else:
            self.bundle = self.job.released
            self._open()
            if self.job.corpus is not None:
                self._compare()
            released = "the released bundle; training time from its provenance"
            self.note = f"{released}; {self.note}" if self.note else released
        made = _provenance(self.bundle)
        self.seconds = made["encoder"]["minutes"] * 60 + made["training_seconds"]
        self.trained_on = made["records"]["train"]

    def _encoder(self) -> Path | None:
        tuned = self.job.work / "tuned"
        prepared = ("--prepared", str(self.job.encoder))
        self._farz("encoder", "finetune", *prepared, *self._data(), "--out", str(tuned))
        return tuned


def public_config(recipe: str) -> str:
    """Change a recipe for data whose test side is held out already.

    :param recipe: A TOML file's text, at most one section deep.
    :return: The same with no test share, and fewer readings for a fine-tuning.
    """
    raw = tomllib.loads(recipe)
    raw.setdefault("split", {})["test"] = 0.0
    if "finetune" in raw:
        raw["finetune"]["epochs"] = PUBLIC_EPOCHS
    top = [f"{k} = {json.dumps(v)}" for k, v in raw.items() if not isinstance(v, dict)]
    for name, section in raw.items():
        if isinstance(section, dict):
            top += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in section.items())]
    return "\n".join(top) + "\n"


def _provenance(bundle: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((bundle / "provenance.json").read_text(encoding="utf-8"))
    return made
