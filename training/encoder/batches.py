"""Texts to padded batches of about equal cost, and labels to arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.encoder import readable

_MISSING = -1


@dataclass(frozen=True)
class Targets:
    """Labels of a data set as arrays; a missing one is -1 and adds nothing to the loss.

    :param category: Shape (records,).
    :param priority: Shape (records,).
    :param flags: 0, 1 or -1, shape (records, flags).
    """

    category: NDArray[np.int64]
    priority: NDArray[np.int64]
    flags: NDArray[np.float32]


def targets(records: Sequence[LabelledReport], taxonomy: Taxonomy) -> Targets:
    """Lay the labels of records out as arrays, in the taxonomy's order."""
    categories, levels = taxonomy.category_codes, taxonomy.priority_codes
    return Targets(
        np.array([categories.index(r.category) for r in records]),
        np.array([_MISSING if r.priority is None else levels.index(r.priority) for r in records]),
        np.array(
            [
                [_MISSING if r.flags is None else float(f in r.flags) for f in taxonomy.flag_codes]
                for r in records
            ],
            dtype=np.float32,
        ).reshape(len(records), len(taxonomy.flag_codes)),
    )


@dataclass(frozen=True)
class Batch:
    """Some records of about one length.

    :param rows: Their places in the data set.
    :param ids: Token ids, shape (rows, tokens).
    :param mask: 1 for tokens, same shape.
    """

    rows: NDArray[np.int64]
    ids: Tensor
    mask: Tensor


def encode(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    """Cut texts into token ids, read as the service reads them but for very long ones.

    :param tokenizer: The encoder's tokenizer, without padding.
    :param texts: Original texts.
    :param max_tokens: A longer text keeps its first and its last tokens.
    """
    rows = []
    for encoding in tokenizer.encode_batch([readable(t) for t in texts]):
        ids = encoding.ids
        if len(ids) > max_tokens:
            head = max_tokens // 2
            ids = ids[:head] + ids[len(ids) - (max_tokens - head) :]
        rows.append(ids)
    return rows


def batches(
    encoded: Sequence[Sequence[int]],
    tokens: int,
    pad: int,
    rng: np.random.Generator | None = None,
    together: NDArray[np.int64] | None = None,
) -> Iterator[Batch]:
    """Group texts of like length into batches of at most so many tokens, padding included.

    :param encoded: Token ids of each text.
    :param tokens: Tokens in a batch.
    :param pad: The padding id.
    :param rng: Shuffles the batches, and blurs the sorting so that they differ each time.
    :param together: Group of each text; texts of one group share a batch where they can, at the
        price of more padding.
    """
    lengths = np.array([len(ids) for ids in encoded], dtype=np.float64)
    blur = lengths if rng is None else lengths * rng.uniform(0.9, 1.1, len(lengths))
    order = np.argsort(blur, kind="stable")
    if together is not None:
        sizes = np.bincount(together, minlength=int(together.max()) + 1).clip(1)
        means = np.bincount(together, blur) / sizes
        order = np.lexsort((together, means[together]))
    groups: list[list[int]] = [[]]
    longest = 0
    for row in order:
        longest = max(longest, int(lengths[row]))
        if groups[-1] and longest * (len(groups[-1]) + 1) > tokens:
            groups.append([])
            longest = int(lengths[row])
        groups[-1].append(int(row))
    for number in range(len(groups)) if rng is None else rng.permutation(len(groups)):
        rows = groups[number]
        width = max(len(encoded[row]) for row in rows)
        ids = torch.full((len(rows), width), pad, dtype=torch.long)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(encoded[row])] = torch.tensor(encoded[row])
            mask[place, : len(encoded[row])] = 1
        yield Batch(np.array(rows), ids, mask)
