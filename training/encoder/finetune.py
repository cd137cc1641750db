"""Fine-tune the encoder on all heads at once; stop early, resume where it was cut off."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import Tensor, nn

from data.records import LabelledReport
from data.splits import groups
from data.taxonomy import Taxonomy
from model.heads import Head, Heads
from model.views import embed_views
from training.config import HeadConfig
from training.embedding import Scale
from training.encoder.augment import AUGMENT
from training.encoder.batches import Targets, batches, encode, targets
from training.encoder.config import FinetuneConfig
from training.encoder.interpolation import Interpolation
from training.encoder.losses import contrastive_loss, heads_loss, weights_of
from training.encoder.network import Network, load_encoder
from training.encoder.optimisation import parameter_groups, rate_at
from training.fit import fit_heads
from training.measures import macro_f1

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is going on."""

STATE = "unfinished.pt"
_AVERAGE_FROM = 0.3


class Finetuning:
    """One fine-tuning run.

    :param checkpoint: Trimmed checkpoint folder.
    :param training: Records to learn from.
    :param dev: Records that decide when to stop; neither trained on nor used to calibrate.
    :param taxonomy: The label sets.
    :param config: How.
    :param seed: Of every random step.
    :param teacher: By head, the probabilities that a larger model gives the training records.
    """

    def __init__(
        self,
        checkpoint: Path,
        training: Sequence[LabelledReport],
        dev: Sequence[LabelledReport],
        taxonomy: Taxonomy,
        config: FinetuneConfig,
        seed: int,
        teacher: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self.training, self.dev, self.taxonomy, self.config = training, dev, taxonomy, config
        self.seed, self.teacher = seed, teacher
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.started_from = [
            hashlib.sha256((checkpoint / name).read_bytes()).hexdigest()
            for name in ("model.safetensors", "tokenizer.json")
        ] + [*taxonomy.category_codes, *taxonomy.priority_codes, *taxonomy.flag_codes]
        self.tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        # Plain attention: on processors torch's fused one takes twice the time backwards.
        encoder = load_encoder(checkpoint, layers=config.layers or None, eager=True)
        for module in encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self.pad = int(encoder.config.pad_token_id)
        self.truth = targets(training, taxonomy)
        self.network = Network(encoder, _widths(self.truth, taxonomy), config.dropout)
        # Frozen: 30 million weights that a few thousand reports would only distort, and that
        # stay in the 4 bits they were published in.
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        for layer in encoder.encoder.layer[: config.frozen_layers]:
            layer.requires_grad_(False)
        self.network.to(self.device)
        if config.probe:
            self._probe(config.probe)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.network, config), fused=True)
        self.weights = weights_of(
            self.truth, [r.language for r in training], len(taxonomy.category_codes), config
        )
        self.situations = np.array(groups(training)) if config.contrast else None
        self.augment = AUGMENT[config.augmentation](training)
        self.start = Interpolation(self.network) if config.way_back else None
        self.way_back: dict[float, float] = {}
        self.mean: dict[str, Tensor] | None = None
        self.best: dict[str, Tensor] | None = None
        self.history: list[dict[str, float]] = []

    def run(
        self,
        state: Path | None = None,
        progress: Progress = lambda *_: None,
        after_epoch: Callable[[Network], None] = lambda _: None,
    ) -> Network:
        """Train until the last epoch, or until the dev score has not risen for a while.

        :param state: File that an interrupted run leaves, and that the same run goes on from.
        :param progress: Called after each step.
        :param after_epoch: Called with the network after each epoch; trials measure there.
        :return: The network at its best dev score.
        """
        key = self._key()
        if state is not None and state.is_file():
            self._resume(torch.load(state, weights_only=True, map_location=self.device), key)
        plain = encode(self.tokenizer, [r.text for r in self.training], self.config.max_tokens)
        while len(self.history) < self.config.epochs and not self._stuck():
            self._epoch(plain, progress, after_epoch)
            if state is not None:
                part = state.with_suffix(".part")
                torch.save(self._state(key), part)
                part.replace(state)
        if self.best is not None:
            self.network.load_state_dict(self.best)
        if self.start is not None:
            self.way_back = self.start.go_back(self.config.way_back, self._dev_score)
        return self.network.eval()

    def heads(self) -> Heads:
        """Give the network's heads as plain arrays over its embedding."""
        made = []
        for name, layer in self.network.heads.items():
            weights = layer.weight.detach().float().cpu().numpy()
            biases = layer.bias.detach().float().cpu().numpy()
            if name == "flags":
                for row, code in enumerate(self.taxonomy.flag_codes):
                    one = slice(row, row + 1)
                    made.append(Head(f"flag:{code}", (code,), weights[one], biases[one]))
            else:
                labels = (
                    self.taxonomy.category_codes
                    if name == "category"
                    else self.taxonomy.priority_codes
                )
                made.append(Head(name, tuple(labels), weights, biases))
        scale = Scale(self.network.mean.cpu().numpy(), self.network.factor.cpu().numpy())
        return scale.fold(Heads(made))

    def embed(
        self, records: Sequence[LabelledReport], *, views: bool = True
    ) -> NDArray[np.float32]:
        """Embed records with the network as it stands.

        :param records: Records, whose languages are believed.
        :param views: Read Arabizi in both its spellings.
        :return: Shape (records, width).
        """
        codes = [record.language or "" if views else "" for record in records]
        return embed_views(self._embed, [record.text for record in records], codes)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = encode(self.tokenizer, texts, self.config.max_tokens)
        width = self.network.encoder.config.hidden_size
        embedded = np.zeros((len(texts), width), dtype=np.float32)
        self.network.eval()
        with torch.no_grad():
            for batch in batches(encoded, 4 * self.config.batch_tokens, self.pad):
                with self._half_precision():
                    rows = self.network.embed(batch.ids.to(self.device), batch.mask.to(self.device))
                embedded[batch.rows] = rows.float().cpu().numpy()
        return embedded

    def _probe(self, inverse_penalty: float) -> None:
        """Start from heads fitted on the encoder as it comes.

        Heads that start at random send noise into the encoder until they have learnt, and
        spoil some of what it knows.
        """
        embedding = self.embed(self.training)
        scale = Scale.of(embedding, float(np.sqrt(embedding.shape[1])))
        fitted = fit_heads(
            csr_array(scale.apply(embedding)),
            self.training,
            self.taxonomy,
            HeadConfig(inverse_penalty=inverse_penalty / embedding.shape[1], balanced=False),
        )
        by_name = {head.name: head for head in fitted.heads}
        self.network.mean.copy_(torch.from_numpy(scale.mean))
        self.network.factor.copy_(torch.from_numpy(scale.factor))
        with torch.no_grad():
            for name, layer in self.network.heads.items():
                names = (
                    [f"flag:{f}" for f in self.taxonomy.flag_codes] if name == "flags" else [name]
                )
                for row, code in enumerate(names):
                    if code in by_name:
                        head = by_name[code]
                        own = slice(row, row + 1) if name == "flags" else slice(None)
                        layer.weight[own] = torch.from_numpy(head.weights)
                        # A label never seen has bias -10,000: too much for a gradient.
                        layer.bias[own] = torch.from_numpy(head.intercepts.clip(-10, 10))

    def _epoch(
        self,
        plain: list[list[int]],
        progress: Progress,
        after_epoch: Callable[[Network], None],
    ) -> None:
        epoch = len(self.history)
        rng = np.random.default_rng((self.seed, epoch))
        torch.manual_seed(self.seed * 1000 + epoch)
        encoded = plain
        if self.augment is not None:
            texts = [self.augment(record, rng) for record in self.training]
            encoded = encode(self.tokenizer, texts, self.config.max_tokens)
        self.network.train()
        losses = []
        started = time.perf_counter()
        steps = list(batches(encoded, self.config.batch_tokens, self.pad, rng, self.situations))
        for number, batch in enumerate(steps):
            done = (epoch + number / len(steps)) / self.config.epochs
            share = rate_at(done, self.config.warmup)
            for group in self.optimiser.param_groups:
                group["lr"] = group["peak"] * share
            with self._half_precision():
                embedding, logits = self.network(
                    batch.ids.to(self.device), batch.mask.to(self.device)
                )
            loss = heads_loss(
                logits, self.truth, batch.rows, self.weights, self.config, self.teacher
            )
            if self.situations is not None:
                classes = torch.from_numpy(self.situations[batch.rows]).to(self.device)
                loss = loss + self.config.contrast * contrastive_loss(embedding, classes)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            losses.append(float(loss.detach()))
            if self.config.average and done > _AVERAGE_FROM:
                self.mean = averaged(self.mean, self.network, self.config.average)
            progress(
                epoch * len(steps) + number + 1,
                self.config.epochs * len(steps),
                f"epoch {epoch + 1}, loss {np.mean(losses[-50:]):.2f}",
            )
        self._close_epoch(float(np.mean(losses)), time.perf_counter() - started, after_epoch)

    def _close_epoch(
        self, loss: float, seconds: float, after_epoch: Callable[[Network], None]
    ) -> None:
        kept = copy.deepcopy(self.network.state_dict())
        if self.mean is not None:
            self.network.load_state_dict(self.mean)
        found = self._dev_score()
        if not self.history or found > max(row["dev_score"] for row in self.history):
            self.best = copy.deepcopy(self.network.state_dict())
        self.history.append({"loss": loss, "dev_score": found, "seconds": round(seconds, 1)})
        after_epoch(self.network)  # on the averaged weights, where there are any
        self.network.load_state_dict(kept)

    def _dev_score(self) -> float:
        """Average the macro-F1 of the category and the average precision of each flag.

        Not the loss: that rises as the network grows sure of itself, long before it ranks and
        chooses worse, and calibration mends it afterwards.
        """
        truth = targets(self.dev, self.taxonomy)
        answers = self.heads().probabilities(csr_array(self.embed(self.dev)))
        found = [macro_f1(truth.category, answers["category"].argmax(axis=1))]
        for column, code in enumerate(self.taxonomy.flag_codes):
            raised = truth.flags[:, column]
            if f"flag:{code}" in answers and (raised == 1).any():
                known = raised >= 0
                scores = answers[f"flag:{code}"][known, 0]
                found.append(float(average_precision_score(raised[known] == 1, scores)))
        return round(float(np.mean([found[0], np.mean(found[1:] or found)])), 4)

    def _stuck(self) -> bool:
        scores = [row["dev_score"] for row in self.history]
        return bool(scores) and len(scores) - 1 - int(np.argmax(scores)) >= self.config.patience

    def _half_precision(self) -> AbstractContextManager[Any]:
        if self.device.type == "cuda":
            able = torch.cuda.is_bf16_supported()
        else:
            able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.autocast(self.device.type, torch.bfloat16, enabled=able)

    def _key(self) -> str:
        records = [asdict(record) for record in (*self.training, *self.dev)]
        told = json.dumps([self.started_from, asdict(self.config), self.seed, records])
        return hashlib.sha256(told.encode()).hexdigest()

    def _state(self, key: str) -> dict[str, Any]:
        return {
            "key": key,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "mean": self.mean,
            "best": self.best,
            "history": self.history,
        }

    def _resume(self, state: dict[str, Any], key: str) -> None:
        if state["key"] != key:
            return  # of another run: begin anew, and replace it at the first epoch's end
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.mean, self.best = state["mean"], state["best"]
        self.history = state["history"]


def averaged(mean: dict[str, Tensor] | None, network: nn.Module, decay: float) -> dict[str, Tensor]:
    """Move a running mean of the weights a step towards a network's (Polyak averaging)."""
    with torch.no_grad():
        now = network.state_dict()
        if mean is None:
            return {name: values.clone() for name, values in now.items()}
        for name, values in now.items():
            if values.dtype.is_floating_point:
                mean[name].lerp_(values, 1 - decay)
    return mean


def _widths(truth: Targets, taxonomy: Taxonomy) -> dict[str, int]:
    widths = {"category": len(taxonomy.category_codes)}
    if (truth.priority >= 0).any():
        widths["priority"] = len(taxonomy.priority_codes)
    if (truth.flags >= 0).any():
        widths["flags"] = len(taxonomy.flag_codes)
    return widths
