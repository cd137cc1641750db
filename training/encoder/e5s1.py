"""Read the ``E5S1`` weights file: a BERT encoder with 4-bit matrices, little-endian.

Layout: a magic, a version, the shape, the vocabulary's pieces (skipped here: they come from
``tokenizer.json``), a normaliser (skipped), then a directory of tensors by absolute offset.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share one scale."""

_MAGIC = b"E5S1"
_BLOCK_BYTES = 18
_FLOAT, _Q4 = 0, 1
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class Shape:
    """The encoder's measures, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


def read_e5s1(path: Path) -> tuple[Shape, dict[str, NDArray[np.float32]]]:
    """Read a weights file.

    :param path: The file.
    :return: The shape, and all tensors as float32 under the names of ``transformers.BertModel``.
    :raises ValueError: If it is no such file, or is cut short.
    """
    data = memoryview(path.read_bytes())
    if bytes(data[:4]) != _MAGIC:
        raise ValueError(
            f"{path.name} begins with {bytes(data[:4])!r}, not {_MAGIC!r}: not a weights file"
        )
    try:
        return _parse(data)
    except (struct.error, ValueError, KeyError) as error:
        raise ValueError(f"{path.name} is cut short or altered ({error}); fetch it anew") from error


def _parse(data: memoryview) -> tuple[Shape, dict[str, NDArray[np.float32]]]:
    measures = struct.unpack_from("<7if", data, 8)
    shape = Shape(*measures)
    at = 8 + 32
    _block, pieces, _bos, _eos, _pad, _unk, blob = struct.unpack_from("<i5iQ", data, at)
    at += 4 + 20 + 8
    at += 4 * (pieces + 1) + 4 * pieces + blob
    _, normaliser = struct.unpack_from("<iI", data, at)
    at += 8 + normaliser
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    sizes = _sizes(shape)
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode("ascii")
        at += 2 + length
        kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += 21
        raw = data[offset : offset + size]
        values = (
            np.frombuffer(raw, "<f4", elements).astype(np.float32)
            if kind == _FLOAT
            else _dequantise(raw, elements)
        )
        full = _full_name(name)
        tensors[full] = values.reshape(sizes(full, elements))
    return shape, tensors


def _dequantise(raw: memoryview, elements: int) -> NDArray[np.float32]:
    """Undo the 4-bit code: value = (nibble - 8) x scale; low nibbles come first."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
    codes = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (codes * scales).reshape(-1)[:elements]


def _full_name(name: str) -> str:
    if name in _EMBEDDING:
        return _EMBEDDING[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _sizes(shape: Shape) -> Callable[[str, int], tuple[int, ...]]:
    def size(name: str, elements: int) -> tuple[int, ...]:
        if name.startswith("embeddings.") and "LayerNorm" not in name:
            return (-1, shape.hidden)
        if name.endswith("bias") or "LayerNorm" in name:
            return (elements,)
        inner = (
            shape.feed_forward
            if name.endswith("output.dense.weight") and ("attention" not in name)
            else shape.hidden
        )
        return (-1, inner)

    return size
