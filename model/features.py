"""Lexical features: words, characters and consonant skeletons, weighted by TF-IDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from data.normalisation import arabic_view, fold, normalise

BLOCKS = ("word", "character", "skeleton")
"""Feature blocks in the order of their columns."""

_WORD = r"(?u)[^\W_]+(?:'[^\W_]+)*"


@dataclass(frozen=True)
class LexicalState:
    """What a fitted ``LexicalFeatures`` learnt, as plain data.

    :param terms: For each block, its terms in column order.
    :param idf: For each block, the inverse document frequency of each term.
    """

    terms: dict[str, list[str]]
    idf: dict[str, NDArray[np.float32]]


class LexicalFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn original texts into one sparse matrix of TF-IDF features.

    Three blocks, each normalised to length one: words and word pairs, character n-grams
    within words, and on request words of the Arabic-script consonant view, in which the two
    spellings of Darija meet. A block with an upper n-gram length of 0 is left out.

    :param word_ngrams: Longest run of words.
    :param character_ngrams: Longest character n-gram (from 2 on).
    :param skeleton_ngrams: Longest run of skeleton words.
    :param min_df: Documents that a term must occur in.
    :param max_terms: Most terms kept of each block, the most frequent ones.
    """

    def __init__(
        self,
        word_ngrams: int = 2,
        character_ngrams: int = 5,
        skeleton_ngrams: int = 0,
        min_df: int = 2,
        max_terms: int = 60_000,
    ) -> None:
        self.word_ngrams = word_ngrams
        self.character_ngrams = character_ngrams
        self.skeleton_ngrams = skeleton_ngrams
        self.min_df = min_df
        self.max_terms = max_terms

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, texts: Sequence[str], y: object = None) -> Self:
        """Learn vocabularies and document frequencies.

        :param texts: Original texts.
        :param y: Ignored.
        :return: This object.
        :raises ValueError: If the texts are given as one string.
        """
        self.fit_transform(texts)
        return self

    def fit_transform(self, texts: Sequence[str], y: object = None) -> csr_array:
        """Learn, and compute the features of the same texts, in one reading of them.

        :param texts: Original texts.
        :param y: Ignored.
        :return: Array of shape (texts, features), float32.
        :raises ValueError: If the texts are given as one string.
        """
        views = _views(texts)
        self.vectorizers_ = {block: self._vectorizer(block) for block in self._blocks()}
        parts = [vectorizer.fit_transform(views[b]) for b, vectorizer in self.vectorizers_.items()]
        return csr_array(hstack(parts, format="csr", dtype=np.float32))

    def transform(self, texts: Sequence[str]) -> csr_array:
        """Compute the features of texts.

        :param texts: Original texts.
        :return: Array of shape (texts, features), float32.
        :raises ValueError: If the texts are given as one string.
        """
        check_is_fitted(self, "vectorizers_")
        views = _views(texts)
        parts = [vectorizer.transform(views[b]) for b, vectorizer in self.vectorizers_.items()]
        return csr_array(hstack(parts, format="csr", dtype=np.float32))

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Name every column as ``block:term``."""
        check_is_fitted(self, "vectorizers_")
        names = [
            f"{block}:{term}"
            for block, vectorizer in self.vectorizers_.items()
            for term in vectorizer.get_feature_names_out()
        ]
        return np.array(names, dtype=object)

    @property
    def width(self) -> int:
        """Number of columns."""
        check_is_fitted(self, "vectorizers_")
        return sum(len(vectorizer.vocabulary_) for vectorizer in self.vectorizers_.values())

    def state(self) -> LexicalState:
        """Give what was learnt as plain data."""
        check_is_fitted(self, "vectorizers_")
        return LexicalState(
            terms={b: v.get_feature_names_out().tolist() for b, v in self.vectorizers_.items()},
            idf={b: v.idf_.astype(np.float32) for b, v in self.vectorizers_.items()},
        )

    def restore(self, state: LexicalState) -> Self:
        """Become fitted with what ``state`` gave."""
        self.vectorizers_ = {}
        for block in self._blocks():
            vectorizer = self._vectorizer(block)
            vectorizer.set_params(
                vocabulary={term: column for column, term in enumerate(state.terms[block])}
            )
            vectorizer.idf_ = state.idf[block]
            self.vectorizers_[block] = vectorizer
        return self

    def _blocks(self) -> tuple[str, ...]:
        lengths = (self.word_ngrams, self.character_ngrams, self.skeleton_ngrams)
        return tuple(block for block, length in zip(BLOCKS, lengths, strict=True) if length)

    def _vectorizer(self, block: str) -> TfidfVectorizer:
        options: dict[str, Any] = {
            "lowercase": False,  # the views are folded already
            "sublinear_tf": True,
            "min_df": self.min_df,
            "max_features": self.max_terms,
            "dtype": np.float32,
        }
        if block == "character":
            span = (min(2, self.character_ngrams), self.character_ngrams)
            return TfidfVectorizer(analyzer="char_wb", ngram_range=span, **options)
        length = self.word_ngrams if block == "word" else self.skeleton_ngrams
        return TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, length), **options)


def _views(texts: Iterable[str]) -> dict[str, list[str]]:
    if isinstance(texts, str):
        raise ValueError("texts is one string; give a list of texts, for example ['…']")
    folded = [fold(normalise(text).text) for text in texts]
    return {"word": folded, "character": folded, "skeleton": [arabic_view(t) for t in folded]}
