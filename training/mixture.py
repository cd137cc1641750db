"""Join the heads of a fine-tuned encoder with heads of words into one linear head each.

Both give log-odds; their weighted sum is again a linear head over both kinds of features. The
two weights are fitted on the dev side, which neither has seen: refitting all weights on the
training side would trust the fine-tuned embedding too much, since it knows those texts by heart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax

from model.heads import Head, Heads


def mix(
    tuned: Heads,
    words: Heads,
    embedding: NDArray[np.float32],
    features: csr_array,
    truth: dict[str, NDArray[np.int64]],
) -> tuple[Heads, dict[str, tuple[float, float]]]:
    """Join heads of the same names.

    :param tuned: Heads over the embedding.
    :param words: Heads over lexical features.
    :param embedding: Of the dev records, shape (records, width).
    :param features: Lexical, of the dev records, shape (records, terms).
    :param truth: By head name, the label's place, or 0 and 1 for a flag; -1 where unknown.
    :return: Heads over (embedding, features), and the two weights of each by name.
    :raises ValueError: If two heads of one name have other labels.
    """
    by_name = {head.name: head for head in words.heads}
    joined, shares = [], {}
    for head in tuned.heads:
        other = by_name.get(head.name)
        if other is None:
            continue
        if other.labels != head.labels:
            raise ValueError(
                f"head {head.name} has labels {head.labels} in the encoder and {other.labels} "
                "beside it; use the taxonomy that the encoder was fine-tuned with"
            )
        known = truth[head.name] >= 0
        one = np.asarray(embedding[known] @ head.weights.T + head.intercepts, dtype=np.float64)
        two = np.asarray(features[known] @ other.weights.T + other.intercepts, dtype=np.float64)
        a, b = _weights(one, two, truth[head.name][known])
        shares[head.name] = (a, b)
        joined.append(
            Head(
                head.name,
                head.labels,
                np.hstack([a * head.weights, b * other.weights]).astype(np.float32),
                (a * head.intercepts + b * other.intercepts).astype(np.float32),
            )
        )
    return Heads([head.rounded() for head in joined]), shares


def _weights(
    one: NDArray[np.float64], two: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[float, float]:
    """Find the weights, neither below 0, under which the truth is most likely.

    Where nothing is known the encoder's head stands alone.
    """
    if not len(truth):
        return 1.0, 0.0

    def loss(weights: NDArray[np.float64]) -> float:
        logits = weights[0] * one + weights[1] * two
        if logits.shape[1] == 1:
            odds = expit(np.where(truth == 1, logits[:, 0], -logits[:, 0]))
            return float(-np.log(np.maximum(odds, 1e-12)).mean())
        return float(-log_softmax(logits, axis=1)[np.arange(len(truth)), truth].mean())

    # Few records may separate perfectly: bounds keep the weights finite.
    found = minimize(loss, np.array([1.0, 0.2]), bounds=[(0.05, 3.0), (0.0, 3.0)])
    return float(found.x[0]), float(found.x[1])
