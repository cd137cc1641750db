"""Learning rates: lower layers learn slower, all rise and fall over the run."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from training.encoder.config import FinetuneConfig

_NO_DECAY = ("bias", "LayerNorm.weight")


def parameter_groups(network: nn.Module, config: FinetuneConfig) -> list[dict[str, Any]]:
    """Group the trainable parameters by learning rate and decay, for AdamW.

    :param network: A ``training.encoder.network.Network``.
    :param config: Rates and decays.
    """
    depth = network.encoder.config.num_hidden_layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("heads."):
            rate = config.head_rate
        else:
            layer = int(name.split(".layer.")[1].split(".")[0]) + 1 if ".layer." in name else 0
            rate = config.rate * config.layer_decay ** (depth - layer)
        decay = 0.0 if name.endswith(_NO_DECAY) else config.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": members, "lr": rate, "peak": rate, "weight_decay": decay}
        for (rate, decay), members in groups.items()
    ]


def rate_at(done: float, warmup: float) -> float:
    """Give the share of the peak rate at a point of the run: a rise, then half a cosine.

    :param done: Share of the steps done, 0 to 1.
    :param warmup: Share of the steps in which the rate rises.
    """
    if done < warmup:
        return done / warmup
    return 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))
