"""Join the heads of a fine-tuned encoder with heads of words into one linear head each.

Both give log-odds; their weighted sum with a shift for each label is again a linear head over both
kinds of features. The shifts take back what balancing the labels added while both were fitted, so
that the odds are those of the data. All are fitted on the dev side, which neither has seen:
refitting all weights on the training side would trust the fine-tuned embedding too much, since it
knows those texts by heart.
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
        a, b, shift = _weights(one, two, truth[head.name][known])
        shares[head.name] = (a, b)
        joined.append(
            Head(
                head.name,
                head.labels,
                np.hstack([a * head.weights, b * other.weights]).astype(np.float32),
                (a * head.intercepts + b * other.intercepts + shift).astype(np.float32),
            )
        )
    return Heads([head.rounded() for head in joined]), shares


def _weights(
    one: NDArray[np.float64], two: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[float, float, NDArray[np.float64]]:
    """Find the weights, neither below 0, and the shifts under which the truth is most likely.

    Where nothing is known the encoder's head stands alone.
    """
    labels = one.shape[1]
    if not len(truth):
        return 1.0, 0.0, np.zeros(labels)

    def loss(values: NDArray[np.float64]) -> float:
        logits = values[0] * one + values[1] * two + values[2:]
        if labels == 1:
            odds = expit(np.where(truth == 1, logits[:, 0], -logits[:, 0]))
            unlikely = -np.log(np.maximum(odds, 1e-12)).sum()
        else:
            unlikely = -log_softmax(logits, axis=1)[np.arange(len(truth)), truth].sum()
        # A prior of one unit on each shift: labels that few records bear must not run away.
        return float(unlikely + (values[2:] ** 2).sum() / 2) / len(truth)

    # Few records may separate perfectly: bounds keep the weights finite.
    found = minimize(
        loss,
        np.array([1.0, 0.2, *np.zeros(labels)]),
        bounds=[(0.05, 3.0), (0.0, 3.0), *[(-5.0, 5.0)] * labels],
    )
    return float(found.x[0]), float(found.x[1]), found.x[2:]
