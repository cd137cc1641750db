"""What the heads read of a text: its embedding, where there is an encoder, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from data.language import load_identifier
from model.encoder import Encoder
from model.features import LexicalFeatures
from model.views import embed_views


@dataclass(frozen=True)
class Features:
    """Features of some texts.

    :param matrix: Shape (texts, features): first the embedding's columns, then the words'.
    :param known: Whether a text holds any word or letters seen in training, shape (texts,).
    """

    matrix: csr_array
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Pipeline:
    """Turns original texts into features.

    :param lexical: Fitted lexical features.
    :param encoder: The encoder; None for a model of words alone.
    :param views: Whether the encoder reads Arabizi in both its spellings.
    """

    lexical: LexicalFeatures
    encoder: Encoder | None = None
    views: bool = True

    @property
    def width(self) -> int:
        """Number of features: the embedding's columns, then the words'."""
        return (0 if self.encoder is None else self.encoder.width) + self.lexical.width

    def embedding(self, features: Features) -> NDArray[np.float32]:
        """Give the embeddings among features, shape (texts, width of the encoder).

        :raises ValueError: If there is no encoder.
        """
        if self.encoder is None:
            raise ValueError("a model of words alone has no embedding; train with an encoder")
        return np.asarray(features.matrix[:, : self.encoder.width].toarray(), dtype=np.float32)

    def transform(self, texts: Sequence[str], codes: Sequence[str] | None = None) -> Features:
        """Compute features.

        :param texts: Original texts.
        :param codes: Language code of each; None identifies them.
        :return: Their features, in order.
        """
        words = self.lexical.transform(texts)
        known = np.diff(words.indptr) > 0
        if self.encoder is None:
            return Features(words, known)
        if not self.views:
            return Features(joined(self.encoder.embed(texts), words), known)
        if codes is None:
            codes = [language.code for language in load_identifier().identify(texts)]
        return Features(joined(embed_views(self.encoder.embed, texts, codes), words), known)


def joined(embedding: NDArray[np.float32], words: csr_array) -> csr_array:
    """Set the embedding's columns before the words'."""
    return csr_array(hstack([csr_array(embedding), words], format="csr", dtype=np.float32))
