"""Fit the small language model that ships inside ``data.language``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from data.language.identify import LanguageIdentifier, language_features
from data.records import LANGUAGES, LabelledReport


def fit_language(
    records: Sequence[LabelledReport], *, inverse_penalty: float = 100.0
) -> LanguageIdentifier:
    """Fit language identification on texts whose language is known.

    :param records: Records with a language, from at least two languages.
    :param inverse_penalty: Inverse strength of the ridge penalty.
    :return: The identifier.
    :raises ValueError: If fewer than two languages are given.
    """
    known = [r for r in records if r.language is not None]
    codes = [code for code in LANGUAGES if any(r.language == code for r in known)]
    if len(codes) < 2:
        raise ValueError(f"records of {codes or 'no language'} given; give at least two languages")
    truth = np.array([codes.index(r.language or "") for r in known])
    model = LogisticRegression(
        C=inverse_penalty, class_weight="balanced", max_iter=1000, tol=1e-3
    ).fit(csr_matrix(language_features([r.text for r in known])), truth)
    weights, intercepts = model.coef_, model.intercept_
    if len(codes) == 2:
        weights, intercepts = (
            np.vstack([-weights, weights]) / 2,
            np.hstack([-intercepts, intercepts]) / 2,
        )
    return LanguageIdentifier(codes, weights.astype(np.float32), intercepts.astype(np.float32))
