"""The contenders, in the order of the table: the plain baseline first, Farz's recipes last."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from evaluation.peers.skip import Skip, require

THREADS = 2


@dataclass(frozen=True)
class Job:
    """One contender on one task.

    :param contender: One of ``CONTENDERS``.
    :param folder: Holds ``train.jsonl`` and ``test.jsonl`` (see ``evaluation.peers.tasks``).
    :param work: Empty folder for whatever a contender writes.
    :param seed: Seed of every random step.
    :param encoder: Folder that ``farz encoder prepare`` wrote, or None.
    :param corpus: Files that Farz's recipes split themselves; None gives them ``train.jsonl``.
    :param released: The released bundle, where the task is its own; else None.
    """

    contender: str
    folder: Path
    work: Path
    seed: int
    encoder: Path | None = None
    corpus: Path | None = None
    released: Path | None = None

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Job:
        """Read a job from plain data."""
        paths = ("folder", "work", "encoder", "corpus", "released")
        return cls(**{k: Path(v) if k in paths and v is not None else v for k, v in raw.items()})

    def plain(self) -> dict[str, Any]:
        """Give the job as plain data, its paths absolute."""
        return {k: str(v.resolve()) if isinstance(v, Path) else v for k, v in vars(self).items()}


class Peer(ABC):
    """Something that learns categories from texts.

    A constructor imports what it needs; time runs from ``fit`` on.

    :param job: What is to be done.
    """

    seconds: float | None = None
    """Training time by the contender's own clock, where the worker's would be wrong."""
    trained_on: int | None = None
    """Texts that it learnt from, where these are not all."""
    note = ""

    def __init__(self, job: Job) -> None:
        self.job = job

    @abstractmethod
    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from texts and their labels."""

    @abstractmethod
    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write all that is needed to predict."""


@dataclass(frozen=True)
class Contender:
    """How a contender is found.

    :param title: What it is, for a reader of the table.
    :param place: Module and class.
    :param needs: Modules beyond Farz's own.
    :param extra: Extra of the project that installs them.
    :param packages: Distributions whose versions are reported.
    :param encoder: Whether it starts from the encoder.
    """

    title: str
    place: str
    needs: tuple[str, ...] = ()
    extra: str = "peers"
    packages: tuple[str, ...] = ()
    encoder: bool = False

    def open(self, job: Job) -> Peer:
        """Import a contender and make it ready to learn.

        :raises Skip: If a library or the encoder is not there.
        """
        require(self.needs, self.extra)
        if self.encoder and job.encoder is None and job.released is None:
            raise Skip("no encoder folder: farz encoder fetch, farz encoder prepare")
        module, name = self.place.split(":")
        peer: Peer = getattr(import_module(f"evaluation.peers.{module}"), name)(job)
        return peer


CONTENDERS = {
    "tfidf": Contender(
        "TF-IDF + logistic regression", "words:TfidfRegression", packages=("scikit-learn",)
    ),
    "fasttext": Contender("fastText (floret)", "words:FastText", ("floret",), packages=("floret",)),
    "spacy": Contender("spaCy textcat", "words:SpacyTextcat", ("spacy",), packages=("spacy",)),
    "model2vec": Contender(
        "Model2Vec, distilled from the same encoder",
        "encoders:Model2Vec",
        ("model2vec", "skeletoken", "torch", "transformers"),
        packages=("model2vec", "torch", "transformers"),
        encoder=True,
    ),
    "setfit": Contender(
        "SetFit on the same encoder, 32 texts a class",
        "encoders:SetFit",
        ("setfit", "sentence_transformers", "torch", "transformers"),
        packages=("setfit", "sentence-transformers", "torch", "transformers"),
        encoder=True,
    ),
    "lexical": Contender("Farz, lexical", "own:Lexical", packages=("scikit-learn",)),
    "frozen": Contender(
        "Farz, frozen", "own:Frozen", packages=("scikit-learn", "onnxruntime"), encoder=True
    ),
    "finetuned": Contender(
        "Farz, finetuned", "own:Finetuned", packages=("scikit-learn", "onnxruntime"), encoder=True
    ),
}
