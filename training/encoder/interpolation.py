"""Go back from trained weights towards those they started from (Wortsman et al. 2022).

What was learnt from a few writers fits them better than it fits the next. On the way back a
network keeps most of what it gained and regains some of what it lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

STEPS = 6


class Interpolation:
    """The weights that a network starts from, and the way back to them.

    :param network: The network before it is trained.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._start = self._trained()

    def go_back(self, furthest: float, score: Callable[[], float]) -> dict[float, float]:
        """Go back as far as a score of the network rises.

        :param furthest: Furthest share of the way that is tried, above 0 and at most 1.
        :param score: Measures the network as it stands; higher is better.
        :return: The score by share of the way, in the order tried.
        """
        ends = self._trained()
        scores = {}
        for step in range(STEPS):
            share = round(furthest * step / (STEPS - 1), 3)
            self._move(share, ends)
            scores[share] = score()
        self._move(max(scores, key=lambda share: scores[share]), ends)
        return scores

    def _trained(self) -> dict[str, Tensor]:
        return {
            name: values.detach().clone()
            for name, values in self._network.named_parameters()
            if values.requires_grad
        }

    def _move(self, share: float, ends: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, values in self._network.named_parameters():
                if name in ends:
                    values.copy_(torch.lerp(ends[name], self._start[name], share))
