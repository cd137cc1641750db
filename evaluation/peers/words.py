"""Contenders that start from nothing but the training texts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from evaluation.peers.contenders import THREADS, Job, Peer


class TfidfRegression(Peer):
    """scikit-learn as most would write it: words and letters, one linear model."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union

        letters = {"analyzer": "char_wb", "ngram_range": (2, 5)}
        self.model = make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
                TfidfVectorizer(**letters, min_df=2, sublinear_tf=True),
            ),
            # The penalty of the lexical recipe: what differs is how the text is read.
            LogisticRegression(C=3.0, class_weight="balanced", max_iter=1000),
        )

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from texts and their labels."""
        self.model.fit(texts, labels)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""
        return [str(label) for label in self.model.predict(texts)]

    def save(self, folder: Path) -> None:
        """Write the pipeline; it is weighed and never read back."""
        import joblib

        joblib.dump(self.model, folder / "model.joblib")


class FastText(Peer):
    """fastText (Joulin et al. 2017) in the build of the floret package."""

    _LABEL = "__label__"

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        import floret

        self._train = floret.train_supervised

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from texts and their labels."""
        path = self.job.work / "train.txt"
        lines = (
            f"{self._LABEL}{label} {_line(text)}\n"
            for text, label in zip(texts, labels, strict=True)
        )
        path.write_text("".join(lines), encoding="utf-8")
        self.model = self._train(
            input=str(path),
            lr=0.5,
            epoch=25,
            dim=100,
            wordNgrams=2,
            minn=2,
            maxn=5,
            # Two million by default, 800 MB: far more than there are n-grams in such data.
            bucket=200_000,
            thread=THREADS,
            seed=self.job.seed,
            verbose=0,
        )

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""
        found, _ = self.model.predict([_line(text) for text in texts])
        return [labels[0].removeprefix(self._LABEL) for labels in found]

    def save(self, folder: Path) -> None:
        """Write the model."""
        self.model.save_model(str(folder / "model.bin"))


class SpacyTextcat(Peer):
    """spaCy's text classifier on an empty pipeline for many languages, its default network.

    That is a bag of words beside a small convolutional network.
    """

    _EPOCHS = 6
    _BATCH = 64

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        import spacy
        from spacy.training import Example
        from spacy.util import fix_random_seed, minibatch

        fix_random_seed(job.seed)
        self.model = spacy.blank("xx")
        self._example, self._minibatch = Example, minibatch
        self.note = f"{self._EPOCHS} readings"

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from texts and their labels."""
        head = self.model.add_pipe("textcat")
        known = sorted(set(labels))
        for label in known:
            head.add_label(label)
        examples = [
            self._example.from_dict(
                self.model.make_doc(text), {"cats": {code: float(code == label) for code in known}}
            )
            for text, label in zip(texts, labels, strict=True)
        ]
        optimiser = self.model.initialize(lambda: examples[:1000])
        rng = random.Random(self.job.seed)
        for _ in range(self._EPOCHS):
            rng.shuffle(examples)
            for batch in self._minibatch(examples, size=self._BATCH):
                self.model.update(batch, sgd=optimiser, drop=0.2)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""
        return [max(doc.cats, key=doc.cats.__getitem__) for doc in self.model.pipe(texts)]

    def save(self, folder: Path) -> None:
        """Write the pipeline."""
        self.model.to_disk(folder / "model")


def _line(text: str) -> str:
    """Lower a text onto one line: fastText ends a text at a line's end."""
    return " ".join(text.lower().split())
