"""Fit the detector of texts unlike the training data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from model.novelty import Novelty

AXES = 64
FALSE_ALARMS = 0.01
"""One ordinary report in a hundred may be sent to manual triage for this."""


def fit_novelty(embedding: NDArray[np.float32], category: NDArray[np.int64]) -> Novelty:
    """Fit means and spread; the threshold is still to be chosen.

    The spread is that of reports which the encoder has not learnt by heart: on its own training
    texts a fine-tuned encoder hardly spreads at all.

    :param embedding: Shape (records, width), of records that the encoder was not trained on.
    :param category: Place of each record's category.
    :return: The detector, without a threshold.
    """
    centre = embedding.mean(axis=0)
    centred = embedding - centre
    found = np.unique(category)
    means = np.stack([centred[category == label].mean(axis=0) for label in found])
    within = centred - means[np.searchsorted(found, category)]
    spread, directions = np.linalg.eigh(LedoitWolf(assume_centered=True).fit(within).covariance_)
    # The widest axes between reports, each scaled to unit spread within a category.
    kept = np.argsort(-spread)[:AXES]
    axes = (directions[:, kept] / np.sqrt(np.maximum(spread[kept], 1e-12))).T.astype(np.float32)
    return Novelty(
        centre.astype(np.float32),
        axes,
        (means @ axes.T).astype(np.float32),
        float("inf"),
        FALSE_ALARMS,
    )
