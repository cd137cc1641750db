"""Contenders that start from the same pretrained encoder as Farz."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.peers.contenders import THREADS, Job, Peer
from model.encoder import PREFIX


class SetFit(Peer):
    """SetFit (Tunstall et al. 2022): few texts, compared in pairs, then a linear head."""

    _A_CLASS = 32
    _BATCH = 16
    # Together they keep the longest task near six minutes on two cores.
    _STEPS = 80
    _TOKENS = 128

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Normalize, Pooling, Transformer
        from setfit import SetFitModel, Trainer, TrainingArguments
        from sklearn.linear_model import LogisticRegression

        torch.set_num_threads(THREADS)
        words = Transformer(str(checkpoint(job)), max_seq_length=self._TOKENS)
        body = SentenceTransformer(
            modules=[words, Pooling(words.get_embedding_dimension(), "mean"), Normalize()],
            device="cpu",
        )
        self.model = SetFitModel(
            model_body=body, model_head=LogisticRegression(class_weight="balanced", max_iter=1000)
        )
        self._trainer, self._arguments = Trainer, TrainingArguments
        self.note = f"at most {self._STEPS} steps of {self._BATCH} pairs"

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from some texts of each class."""
        from datasets import Dataset

        rng = np.random.default_rng(self.job.seed)
        rows: list[int] = []
        for label in sorted(set(labels)):
            own = [row for row, other in enumerate(labels) if other == label]
            rows += [own[i] for i in rng.permutation(len(own))[: self._A_CLASS]]
        self.trained_on = len(rows)
        pairs = self._BATCH * self._STEPS
        arguments = self._arguments(
            output_dir=str(self.job.work / "setfit"),
            batch_size=self._BATCH,
            max_steps=self._STEPS,
            num_iterations=max(1, round(pairs / (2 * len(rows)))),
            seed=self.job.seed,
            show_progress_bar=False,
            report_to="none",
            save_strategy="no",
        )
        few = {"text": [PREFIX + texts[i] for i in rows], "label": [labels[i] for i in rows]}
        self._trainer(
            model=self.model, args=arguments, train_dataset=Dataset.from_dict(few)
        ).train()

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""
        found = self.model.predict([PREFIX + text for text in texts], show_progress_bar=False)
        return [str(label) for label in found]

    def save(self, folder: Path) -> None:
        """Write body and head."""
        self.model.save_pretrained(str(folder / "model"))


class Model2Vec(Peer):
    """Model2Vec: one vector a piece of the vocabulary, and a classifier that moves them."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        import torch
        from model2vec.distill import distill_from_model
        from model2vec.train import StaticModelForClassification
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(THREADS)
        folder = checkpoint(job)
        self._encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._distil, self._classifier = distill_from_model, StaticModelForClassification
        self.note = "training time includes distilling"

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Distil the encoder, then learn from texts and their labels."""
        static = self._distil(self._encoder, self._tokenizer, device="cpu")
        self.model: Any = self._classifier.from_static_model(model=static)
        self.model.fit(
            list(texts),
            list(labels),
            device="cpu",
            class_weight="balanced",
            random_seed=self.job.seed,
        )

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Give one label a text."""
        return [str(label) for label in self.model.predict(list(texts))]

    def save(self, folder: Path) -> None:
        """Write vectors, tokenizer and head."""
        self.model.to_pipeline().save_pretrained(str(folder / "model"))


def checkpoint(job: Job) -> Path:
    """Copy the encoder's checkpoint into a folder that names its tokenizer's kind.

    The prepared folder holds the tokenizer alone; without that name a BERT would be given one
    that cuts words as BERT does.

    :param job: Names the encoder folder and where the copy goes.
    :return: The copy.
    """
    from transformers import PreTrainedTokenizerFast

    assert job.encoder is not None, "checked before a contender is opened"
    folder = job.work / "checkpoint"
    shutil.copytree(job.encoder / "checkpoint", folder)
    PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=512,
    ).save_pretrained(folder)
    return folder
