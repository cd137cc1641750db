"""Fit the detector of texts unlike the training data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from model.novelty import Novelty

RECORDS = 1500
"""Training records that it is fitted on: enough for the spread, and read in half a minute."""

FALSE_ALARMS = 0.01
"""One ordinary report in a hundred may be sent to manual triage for this."""


def fit_novelty(embedding: NDArray[np.float32], category: NDArray[np.int64]) -> Novelty:
    """Fit means and spread; the threshold is still to be chosen.

    All directions count, each in units of its own spread: texts of another kind differ from reports
    along those in which reports hardly differ (``evaluation/results/trials-novelty.json``).

    :param embedding: Of training records, shape (records, width).
    :param category: Place of each record's category.
    :return: The detector, without a threshold.
    """
    centre = embedding.mean(axis=0)
    centred = embedding - centre
    found = np.unique(category)
    means = np.stack([centred[category == label].mean(axis=0) for label in found])
    within = centred - means[np.searchsorted(found, category)]
    spread, directions = np.linalg.eigh(LedoitWolf(assume_centered=True).fit(within).covariance_)
    axes = (directions / np.sqrt(np.maximum(spread, 1e-12))).T.astype(np.float32)
    return Novelty(
        centre.astype(np.float32),
        axes,
        (means @ axes.T).astype(np.float32),
        float("inf"),
        FALSE_ALARMS,
    )
