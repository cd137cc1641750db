"""One loss over all heads, and a contrastive one over the embedding."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.encoder.batches import Targets
from training.encoder.config import FinetuneConfig

TEMPERATURE = 0.07


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
    logits: dict[str, Tensor],
    truth: Targets,
    rows: NDArray[np.int64],
    weights: Tensor,
    config: FinetuneConfig,
) -> Tensor:
    """Add up the losses of category, priority and flags; missing labels add nothing.

    :param logits: By head: ``category``, and where there are any ``priority`` and ``flags``.
    :param truth: Labels of the whole data set.
    :param rows: Records of this batch.
    :param weights: Of the categories.
    :param config: Weights of the parts.
    """
    device = logits["category"].device
    loss = functional.cross_entropy(
        logits["category"].float(),
        torch.from_numpy(truth.category[rows]).to(device),
        weight=weights.to(device),
        label_smoothing=config.label_smoothing,
    )
    levels = torch.from_numpy(truth.priority[rows]).to(device)
    if "priority" in logits and bool((levels >= 0).any()):
        loss = loss + config.priority_weight * functional.cross_entropy(
            logits["priority"].float(),
            levels,
            ignore_index=-1,
            label_smoothing=config.label_smoothing,
        )
    if "flags" in logits:
        raised = torch.from_numpy(truth.flags[rows]).to(device)
        each = functional.binary_cross_entropy_with_logits(
            logits["flags"].float(), raised.clamp(min=0), reduction="none"
        )
        # The sum over flags, so that one more flag does not make the others count less.
        loss = loss + config.flag_weight * (each * (raised >= 0)).mean() * raised.shape[1] / 2
    return loss


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
