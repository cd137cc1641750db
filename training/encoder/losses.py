"""One loss over all heads, and a contrastive one over the embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.encoder.batches import Targets
from training.encoder.config import FinetuneConfig

TEMPERATURE = 0.07


@dataclass(frozen=True)
class Weights:
    """How much labels and records count.

    :param categories: Shape (categories,).
    :param records: By language, shape (records,).
    :param raised: How much a raised flag counts beside one that is not, shape (flags,).
    """

    categories: Tensor
    records: Tensor
    raised: Tensor


def weights_of(
    truth: Targets, languages: Sequence[str | None], categories: int, config: FinetuneConfig
) -> Weights:
    """Weigh rare categories, languages and flags up, as far as the configuration says."""
    _, spoken = np.unique([language or "" for language in languages], return_inverse=True)
    by_language = balanced_weights(spoken, int(spoken.max()) + 1, config.language_balance)
    return Weights(
        balanced_weights(truth.category, categories, config.balance),
        by_language[spoken],
        _raised_weights(truth.flags, config.flag_balance),
    )


def _raised_weights(flags: NDArray[np.float32], power: float) -> Tensor:
    """Weigh a rare flag up: 0 weighs raised and not raised alike, 1 evens them out."""
    raised, not_raised = (flags == 1).sum(axis=0), (flags == 0).sum(axis=0)
    odds = not_raised.clip(1) / raised.clip(1)
    return torch.tensor(odds.clip(1) ** power, dtype=torch.float32)


def balanced_weights(classes: NDArray[np.int64], count: int, power: float) -> Tensor:
    """Weigh rare classes up; the mean weight of a record stays 1.

    :param classes: Class of each record.
    :param count: Number of classes.
    :param power: 0 weighs all alike, 1 gives every class the same weight altogether.
    :return: Shape (classes,).
    """
    counts = np.bincount(classes, minlength=count).clip(1)
    weights = (counts.sum() / counts) ** power
    weights /= (weights * counts).sum() / counts.sum()
    return torch.tensor(weights, dtype=torch.float32)


def heads_loss(
    logits: Mapping[str, Tensor],
    truth: Targets,
    rows: NDArray[np.int64],
    weights: Weights,
    config: FinetuneConfig,
    teacher: Mapping[str, NDArray[np.float32]] | None = None,
) -> Tensor:
    """Add up the losses of category, priority and flags; missing labels add nothing.

    :param logits: By head: ``category``, and where there are any ``priority`` and ``flags``.
    :param truth: Labels of the whole data set.
    :param rows: Records of this batch.
    :param weights: Of categories and records.
    :param config: Weights of the parts.
    :param teacher: By head, the probabilities that another model gave the whole data set.
    :return: The mean over the records of the batch.
    """
    device = logits["category"].device

    def soft(name: str, known: Tensor) -> Tensor:
        if teacher is None or not config.distil:
            return known
        told = torch.from_numpy(teacher[name][rows]).to(device)
        return (1 - config.distil) * known + config.distil * told

    def choice(name: str, labels: NDArray[np.int64], weight: Tensor | None = None) -> Tensor:
        values = logits[name].float()
        known = functional.one_hot(
            torch.from_numpy(labels[rows].clip(min=0)).to(device), values.shape[1]
        ).float()
        return functional.cross_entropy(
            values,
            soft(name, known),
            weight=weight,
            label_smoothing=config.label_smoothing,
            reduction="none",
        ) * torch.from_numpy(labels[rows] >= 0).to(device)

    each = choice("category", truth.category, weights.categories.to(device))
    if "priority" in logits:
        each = each + config.priority_weight * choice("priority", truth.priority)
    if "flags" in logits:
        raised = torch.from_numpy(truth.flags[rows]).to(device)
        odds = functional.binary_cross_entropy_with_logits(
            logits["flags"].float(),
            soft("flags", raised.clamp(min=0)),
            pos_weight=weights.raised.to(device),
            reduction="none",
        )
        # Halved: five flags together weigh about as much as one choice among eleven.
        each = each + config.flag_weight * (odds * (raised >= 0)).sum(1) / 2
    return (each * weights.records[rows].to(device)).mean()


def contrastive_loss(embedding: Tensor, classes: Tensor) -> Tensor:
    """Draw texts of one class together and others apart (Khosla et al. 2020, eq. 2).

    :param embedding: Shape (texts, width).
    :param classes: Class of each text.
    :return: The mean over texts that have a companion in the batch; 0 where none has.
    """
    unit = functional.normalize(embedding, dim=1)
    alone = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similarity = (unit @ unit.T / TEMPERATURE).masked_fill(alone, -1e4)
    same = (classes[:, None] == classes[None, :]) & ~alone
    paired = same.any(1)
    if not bool(paired.any()):
        return similarity.sum() * 0
    odds = similarity - torch.logsumexp(similarity, 1, keepdim=True)
    return -((odds * same).sum(1)[paired] / same.sum(1)[paired]).mean()
