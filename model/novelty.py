"""How unlike the training data a text is, by where its embedding lies.

The distance of Lee et al. (2018): to the nearest category's mean, in units of the spread within
categories (Mahalanobis). A text far from all of them is one that the heads were never taught about,
however sure they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Novelty:
    """A fitted detector.

    :param centre: Mean embedding, shape (width,).
    :param axes: Directions scaled to unit spread within categories, shape (axes, width).
    :param means: Each category's mean along the axes, shape (categories, axes).
    :param threshold: A text further off than this is unlike the training data.
    :param false_alarms: Target share of ordinary reports that trip it.
    """

    centre: Floats
    axes: Floats
    means: Floats
    threshold: float
    false_alarms: float

    def distances(self, embedding: Floats) -> NDArray[np.float64]:
        """Give the distance of each embedding to the nearest category.

        :param embedding: Shape (texts, width).
        :return: Shape (texts,).
        """
        placed = (embedding - self.centre) @ self.axes.T
        apart = placed[:, None, :].astype(np.float64) - self.means
        return np.asarray(np.sqrt((apart**2).sum(-1)).min(axis=1), dtype=np.float64)

    def with_threshold(self, ordinary: NDArray[np.float64], false_alarms: float) -> Self | None:
        """Choose the threshold that ordinary reports pass only so often.

        Split conformal prediction: of n exchangeable reports, the share beyond the rank
        ceil((1 - target)(n + 1)) is at most the target on average.

        :param ordinary: Distances of reports that the detector was not fitted on.
        :param false_alarms: Target, above 0 and below 1.
        :return: The detector; None where the data are too few for the promise.
        """
        n = len(ordinary)
        rank = int(np.ceil((1 - false_alarms) * (n + 1) - 1e-9))
        if rank > n:
            return None
        threshold = float(np.sort(ordinary)[rank - 1])
        return type(self)(self.centre, self.axes, self.means, threshold, false_alarms)
