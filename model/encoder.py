"""Texts to embeddings with ONNX Runtime: no torch, no transformers, two cores."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from data.normalisation import normalise

PREFIX = "query: "
"""What the e5 family was trained to see before a text that is classified."""

OVERLAP_TOKENS = 32

_TEXTS_AT_ONCE = 16
"""Tokenised together: a hostile text may hold many more tokens than characters."""

_SPECIAL = re.compile(r"<(/?s|pad|unk|mask)>")


def readable(text: str) -> str:
    """Give a text as the encoder reads it, in training and in serving.

    :param text: Original text.
    :return: The prefix and the normalised text, in which nothing that the citizen typed stands
        for one of the tokenizer's special tokens.
    """
    return PREFIX + _SPECIAL.sub(r"< \1 >", normalise(text).text)


class Encoder:
    """A BERT encoder in ONNX, with its tokenizer.

    The graph takes ``ids`` and ``mask``, shape (texts, tokens), and gives ``embedding``, shape
    (texts, width): states mean-pooled over the mask.

    :param graph: The ONNX file's content.
    :param tokenizer: ``tokenizer.json``'s content.
    :param max_tokens: Longest piece that the graph reads; a longer text is read in overlapping
        pieces, whose embeddings are averaged by their length.
    :param threads: Threads of one call; None takes the processors that this process may use.
    :param keep: Keep both contents under ``source``, so that a bundle can be written from them; a
        service does without 40 MB.
    :raises ValueError: If the graph is not of this form.
    """

    def __init__(
        self,
        graph: bytes,
        tokenizer: bytes,
        *,
        max_tokens: int = 256,
        threads: int | None = None,
        keep: bool = True,
    ) -> None:
        self._threads = threads or _processors()
        self._session = _session(graph, self._threads)
        # Many texts are read side by side, each alone: no padding, and no text's answer depends
        # on its neighbours, since int8 scales activations over all that it is given.
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encoder")
        names = {node.name for node in self._session.get_inputs()}
        output = self._session.get_outputs()[0]
        if names != {"ids", "mask"} or output.name != "embedding":
            raise ValueError(
                f"the encoder's graph reads {sorted(names)} and gives {output.name!r}; "
                "it must read 'ids' and 'mask' and give 'embedding'"
            )
        self.width = int(output.shape[-1])
        self.max_tokens = max_tokens
        self.source = (graph, tokenizer) if keep else None
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed original texts.

        :param texts: Original texts; they are normalised here.
        :return: Shape (texts, width).
        """
        sums = np.zeros((len(texts), self.width), dtype=np.float32)
        weights = np.zeros((len(texts), 1), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            pieces: list[list[int]] = []
            owners: list[int] = []
            for owner, ids in enumerate(self._ids(texts[start : start + _TEXTS_AT_ONCE]), start):
                own = cut(ids, self.max_tokens)
                pieces += own
                owners += [owner] * len(own)
            lengths = np.array([[len(piece)] for piece in pieces], dtype=np.float32)
            np.add.at(sums, owners, self.embed_pieces(pieces) * lengths)
            np.add.at(weights, owners, lengths)
        return np.asarray(sums / np.maximum(weights, 1), dtype=np.float32)

    def embed_pieces(self, pieces: Sequence[list[int]]) -> NDArray[np.float32]:
        """Embed token ids, each row alone; the longest first, so that no thread ends late.

        :param pieces: Token ids, special ones included, at most ``max_tokens`` a row.
        :return: Shape (rows, width).
        """
        if len(pieces) == 1:
            return _run(self._session, pieces[0])[None]
        embedded = np.zeros((len(pieces), self.width), dtype=np.float32)
        order = sorted(range(len(pieces)), key=lambda row: -len(pieces[row]))
        done = self._pool.map(lambda row: _run(self._session, pieces[row]), order)
        for row, values in zip(order, done, strict=True):
            embedded[row] = values
        return embedded

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        read = [readable(text) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(read)]


def cut(ids: list[int], size: int, overlap: int = OVERLAP_TOKENS) -> list[list[int]]:
    """Cut token ids into overlapping pieces, each between the first and the last special token.

    :param ids: Ids of one text, special tokens at both ends.
    :param size: Longest piece, special tokens included.
    :param overlap: Ids that neighbouring pieces share.
    :return: The ids themselves where they are short enough; else pieces that cover all of them.
    """
    if len(ids) <= size:
        return [ids]
    first, inner, last = ids[:1], ids[1:-1], ids[-1:]
    room = size - 2
    starts = [*range(0, len(inner) - room, room - overlap), len(inner) - room]
    return [first + inner[start : start + room] + last for start in starts]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _session(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning idle thread burns the core that the next request needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena keeps what the longest text ever needed; without it nothing is slower here.
    options.enable_cpu_mem_arena = False
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _run(session: ort.InferenceSession, piece: list[int]) -> NDArray[np.float32]:
    ids = np.array([piece], dtype=np.int64)
    (rows,) = session.run(None, {"ids": ids, "mask": np.ones_like(ids)})
    return np.asarray(rows[0], dtype=np.float32)
