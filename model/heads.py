"""Linear heads over shared features, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit, softmax


@dataclass(frozen=True)
class Head:
    """One linear classifier.

    :param name: ``category``, ``priority`` or ``flag:<code>``.
    :param labels: Labels in column order; a flag's head has its code alone.
    :param weights: Coefficients, shape (labels, features).
    :param intercepts: Intercepts, shape (labels,).
    """

    name: str
    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.weights.shape[0] != len(self.labels) or self.intercepts.shape != (
            len(self.labels),
        ):
            raise ValueError(
                f"head {self.name}: {len(self.labels)} labels, weights {self.weights.shape}, "
                f"intercepts {self.intercepts.shape}; give one row and one intercept a label"
            )

    def rounded(self) -> Head:
        """Round the weights to half precision, as a bundle keeps them.

        Whoever chooses a threshold must do it on rounded weights: the served probability of a
        report would else fall on the other side of a threshold that it set itself.
        """
        weights = self.weights.astype(np.float16).astype(np.float32)
        return Head(self.name, self.labels, weights, self.intercepts)


class Heads:
    """All heads of a model, computed in one product.

    :param heads: Heads over the same features.
    :raises ValueError: If two heads differ in their number of features.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        widths = {head.weights.shape[1] for head in heads}
        if len(widths) != 1:
            raise ValueError(f"heads read {sorted(widths)} features; they must read the same")
        self.heads = tuple(heads)
        # Transposed and contiguous: a sparse row times this touches whole rows of it.
        self._weights = np.ascontiguousarray(np.concatenate([h.weights for h in heads]).T)
        self._intercepts = np.concatenate([head.intercepts for head in heads])

    @property
    def width(self) -> int:
        """Number of features read."""
        return int(self._weights.shape[0])

    def probabilities(self, features: csr_array) -> dict[str, NDArray[np.float64]]:
        """Compute every head's probabilities.

        :param features: Shape (texts, features).
        :return: By head name, shape (texts, labels): softmax for exclusive labels, a
            sigmoid for a flag.
        :raises ValueError: If the features are of another width.
        """
        if features.shape[1] != self.width:
            raise ValueError(f"{features.shape[1]} features given, the heads read {self.width}")
        logits = np.asarray(features @ self._weights, dtype=np.float64) + self._intercepts
        answers: dict[str, NDArray[np.float64]] = {}
        column = 0
        for head in self.heads:
            own = logits[:, column : column + len(head.labels)]
            answers[head.name] = expit(own) if len(head.labels) == 1 else softmax(own, axis=1)
            column += len(head.labels)
        return answers
