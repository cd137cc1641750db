"""Splits that never put one situation, or two near copies of a text, on both sides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.normalisation import fold, normalise
from data.records import LabelledReport

_PERMUTATIONS = 64
_SHINGLE = 5


@dataclass(frozen=True)
class Split:
    """Indices into the records of one data set.

    :param train: For fitting.
    :param calibration: For calibration and thresholds, never for fitting.
    :param test: For nothing but the final figures.
    """

    train: tuple[int, ...]
    calibration: tuple[int, ...]
    test: tuple[int, ...]


def near_duplicates(texts: Sequence[str], threshold: float = 0.5) -> list[tuple[int, int, float]]:
    """Find pairs of texts whose character shingles overlap.

    MinHash with locality-sensitive hashing (Broder 1997; the ``datasketch`` library) proposes
    pairs, the exact Jaccard similarity of their folded 5-character shingles confirms them.

    :param texts: Original texts.
    :param threshold: Lowest Jaccard similarity reported, above 0 and below 1.
    :return: Pairs (first, second, similarity), first below second, most similar first.
    """
    from datasketch import MinHash, MinHashLSH

    shingles = [_shingles(text) for text in texts]
    # Proposing below the threshold keeps the hash's own error from losing pairs near it.
    index = MinHashLSH(threshold=max(0.1, threshold - 0.15), num_perm=_PERMUTATIONS)
    pairs: list[tuple[int, int, float]] = []
    hashes = MinHash.bulk(
        [[s.encode() for s in found] for found in shingles], num_perm=_PERMUTATIONS, seed=1
    )
    for second, hashed in enumerate(hashes):
        for first in index.query(hashed):
            union = len(shingles[first] | shingles[second])
            similarity = len(shingles[first] & shingles[second]) / union if union else 1.0
            if similarity >= threshold:
                pairs.append((int(first), second, similarity))
        index.insert(second, hashed)
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def groups(records: Sequence[LabelledReport], threshold: float = 0.5) -> list[int]:
    """Number the groups that must stay together: same scenario, or near-duplicate texts.

    A scenario and its twin (``…-twin``) are one situation told with two meanings: a split
    that parted them would reward a model for knowing the scenario, so they stay together.

    :param records: Labelled reports; without a scenario a record stands alone.
    :param threshold: Similarity from which two texts are near-duplicates.
    :return: One group number a record.
    """
    parent = list(range(len(records)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    by_scenario: dict[str, int] = {}
    for position, record in enumerate(records):
        if record.scenario is not None:
            first = by_scenario.setdefault(record.scenario.removesuffix("-twin"), position)
            parent[root(position)] = root(first)
    for first, second, _ in near_duplicates([record.text for record in records], threshold):
        parent[root(second)] = root(first)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(position), len(numbers)) for position in range(len(records))]


def split(
    records: Sequence[LabelledReport],
    *,
    calibration: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Split:
    """Split records by group, keeping each category's share about equal on all sides.

    Groups are dealt from the largest to the smallest, equal ones in random order, each to the
    side that lacks most records of the category of the group's first record.

    :param records: Labelled reports.
    :param calibration: Share of the records for calibration, 0 to below 1.
    :param test: Share of the records for the test, 0 to below 1.
    :param seed: Seed of the order among groups of one size.
    :return: Indices of each side, sorted.
    :raises ValueError: If the shares leave nothing for training.
    """
    if not (0 <= calibration < 1 and 0 <= test < 1 and calibration + test < 1):
        raise ValueError(
            f"shares {calibration} and {test} leave nothing for training; "
            "use for example 0.15 and 0.15"
        )
    by_group: dict[int, list[int]] = defaultdict(list)
    for position, group in enumerate(groups(records)):
        by_group[group].append(position)
    wanted = {"train": 1 - calibration - test, "calibration": calibration, "test": test}
    sides: dict[str, list[int]] = {side: [] for side in wanted}
    dealt: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(wanted, 0))
    order = np.random.default_rng(seed).permutation(sorted(by_group))
    for group in sorted(order, key=lambda g: -len(by_group[int(g)])):
        members = by_group[int(group)]
        counts = dealt[records[members[0]].category]
        total = sum(counts.values()) + len(members)
        side = max(
            (s for s in wanted if wanted[s] > 0),
            key=lambda s: wanted[s] * total - counts[s],
        )
        sides[side] += members
        counts[side] += len(members)
    return Split(*(tuple(sorted(sides[side])) for side in ("train", "calibration", "test")))


def _shingles(text: str) -> frozenset[str]:
    words = " ".join(re.findall(r"\w+", fold(normalise(text).text)))
    return frozenset(words[i : i + _SHINGLE] for i in range(max(1, len(words) - _SHINGLE + 1)))
