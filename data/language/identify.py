"""Language identification: a library for standard languages, a small model for the rest.

py3langid tells French, Arabic, English and Spanish from one another and from 134 languages that
Farz does not read. It knows Darija poorly, Arabizi and mixtures not at all: a logistic
regression over character n-grams, with the library's probabilities and the script shares among
its features, decides. Its weights lie beside this module and are made by
``farz data fit-language`` from the corpus. ``evaluation/results`` has what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array, hstack
from scipy.special import softmax
from sklearn.feature_extraction.text import HashingVectorizer

from data.language.script import READ, UNKNOWN, script_shares
from data.normalisation import normalise

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier as Library

N_GRAM_BUCKETS = 2**15
LIBRARY_CODES = ("fr", "ar", "en", "es", "ary", "kab")
"""Languages whose probability by the library is a feature of its own."""
READ_CHARACTERS = 2000
"""A language shows within its first pages."""
DENSE_FEATURES = len(LIBRARY_CODES) + 2 + len(READ) + 1
DENSE_WEIGHT = 10.0
"""Weight of the dense features beside the n-grams: the ridge penalty shrinks them less."""


@dataclass(frozen=True)
class Language:
    """The language of one text.

    :param code: One of ``data.records.LANGUAGES``.
    :param script: ISO 15924 code of the script that most letters are in.
    :param confidence: Probability of the code, 0 to 1.
    """

    code: str
    script: str
    confidence: float


@cache
def _library() -> Library:
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(
        langid.MODEL_DIR / langid.MODEL_FILE, norm_probs=True
    )


@lru_cache(maxsize=1)
def _n_grams() -> HashingVectorizer:
    return HashingVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), n_features=N_GRAM_BUCKETS, alternate_sign=False
    )


def language_features(texts: Sequence[str]) -> csr_array:
    """Turn texts into the features that the small model reads.

    :param texts: Original texts.
    :return: Sparse array of shape (texts, ``N_GRAM_BUCKETS`` + ``DENSE_FEATURES``): hashed
        character 1- to 4-grams of the normalised text, then the library's probabilities
        (its own codes, the best of the others, all others) and the script shares (three read
        scripts, the rest).
    """
    dense = np.zeros((len(texts), DENSE_FEATURES))
    own = len(LIBRARY_CODES)
    for row, text in zip(dense, texts, strict=True):
        ranked = dict(_library().rank(text[:READ_CHARACTERS]))
        row[:own] = [ranked.pop(code) for code in LIBRARY_CODES]
        row[own], row[own + 1] = max(ranked.values()), sum(ranked.values())
        shares = script_shares(text)
        row[own + 2 : -1] = [shares.get(script, 0.0) for script in READ]
        row[-1] = 1.0 - sum(row[own + 2 : -1]) if shares else 0.0
    lowered = [normalise(text[:READ_CHARACTERS]).text.lower() for text in texts]
    return csr_array(
        hstack([_n_grams().transform(lowered), csr_array(dense * DENSE_WEIGHT)], format="csr")
    )


class LanguageIdentifier:
    """Identify the language of texts.

    :param codes: Language codes, in the order of the weights' rows.
    :param weights: Coefficients, shape (codes, features).
    :param intercepts: Intercepts, shape (codes,).
    :raises ValueError: If the weights were made for other features.
    """

    def __init__(
        self, codes: Sequence[str], weights: NDArray[np.float32], intercepts: NDArray[np.float32]
    ) -> None:
        if weights.shape != (len(codes), N_GRAM_BUCKETS + DENSE_FEATURES):
            raise ValueError(
                f"weights of shape {weights.shape} for {len(codes)} languages do not fit this "
                "version's features; make them anew with `farz data fit-language`"
            )
        self.codes = tuple(codes)
        self._weights = weights.astype(np.float32)
        self._intercepts = intercepts.astype(np.float32)

    def identify(self, texts: Sequence[str]) -> list[Language]:
        """Identify each text on its own.

        :param texts: Original texts.
        :return: One answer a text. A text without letters, or mostly in a script that Farz
            does not read, is ``und``.
        """
        if not texts:
            return []
        scores = language_features(texts) @ self._weights.T + self._intercepts
        answers = []
        for text, probabilities in zip(texts, softmax(scores, axis=1), strict=True):
            shares = script_shares(text)
            script = next(iter(shares), UNKNOWN)
            if script not in READ:
                answers.append(Language("und", script, 1.0))
                continue
            best = int(np.argmax(probabilities))
            answers.append(Language(self.codes[best], script, float(probabilities[best])))
        return answers

    def save(self, path: Path) -> None:
        """Write the weights, in half precision, as one safetensors file."""
        save_file(
            {
                # safetensors writes the buffer as it lies: it must be in C order.
                "weights": np.ascontiguousarray(self._weights, dtype=np.float16),
                "intercepts": self._intercepts.astype(np.float16),
            },
            path,
            metadata={"codes": json.dumps(self.codes)},
        )


@cache
def load_identifier() -> LanguageIdentifier:
    """Load the identifier that ships with Farz.

    :return: The identifier, read once per process.
    :raises FileNotFoundError: If the weights are missing; ``farz data fit-language`` makes them.
    """
    with as_file(files("data.language").joinpath("identifier.safetensors")) as path:
        return read_identifier(path)


def read_identifier(path: Path) -> LanguageIdentifier:
    """Read an identifier that ``LanguageIdentifier.save`` wrote."""
    from safetensors import safe_open

    tensors = load_file(path)
    with safe_open(path, framework="numpy") as opened:
        codes = json.loads(opened.metadata()["codes"])
    return LanguageIdentifier(codes, tensors["weights"], tensors["intercepts"])
