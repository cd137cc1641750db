"""Fit heads on embeddings beside words: bring both to one scale, then fold the scale away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.heads import Head, Heads


@dataclass(frozen=True)
class Scale:
    """Centre and spread of an embedding's columns.

    A ridge penalty is fair only between columns of like size: an embedding's columns are
    centred and scaled so that the whole has the given spread beside words of length one.

    :param mean: Shape (width,).
    :param factor: What a centred column is multiplied by, shape (width,).
    """

    mean: NDArray[np.float32]
    factor: NDArray[np.float32]

    @classmethod
    def of(cls, embedding: NDArray[np.float32], spread: float) -> Self:
        """Measure an embedding.

        :param embedding: Shape (texts, width).
        :param spread: Length that a typical scaled embedding shall have.
        """
        deviation = embedding.std(axis=0)
        # A column that never moves says nothing; dividing by its 0 would blow it up.
        safe = np.where(deviation > 1e-8, deviation, np.inf)
        factor = spread / (safe * np.sqrt(embedding.shape[1]))
        return cls(embedding.mean(axis=0), factor.astype(np.float32))

    def apply(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Centre and scale an embedding, shape (texts, width)."""
        return (embedding - self.mean) * self.factor

    def fold(self, heads: Heads) -> Heads:
        """Turn heads fitted on scaled embeddings into heads that read them as they come.

        :param heads: Heads whose first columns read the scaled embedding.
        :return: Heads that give the same answers on the embedding itself.
        """
        width = len(self.mean)
        folded = []
        for head in heads.heads:
            weights = head.weights.copy()
            weights[:, :width] *= self.factor
            shift = weights[:, :width] @ self.mean
            folded.append(
                Head(head.name, head.labels, weights, (head.intercepts - shift).astype(np.float32))
            )
        return Heads(folded)
