"""What was tried for language identification, on writers unseen in training.

``python -m training.trials.language --data data/corpus --validation DIR --out FILE``
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from data.labelled import read_labelled
from data.language.identify import (
    DENSE_WEIGHT,
    LIBRARY_CODES,
    N_GRAM_BUCKETS,
    language_features,
)
from data.records import LANGUAGES
from data.taxonomy import load_taxonomy
from training.trials.command import arguments, write
from training.trials.lexical import writer_folds

# Name, weight of the library's probabilities and scripts, weight of the n-grams, inverse penalty.
TRIALS = (
    ("character n-grams alone", 0.0, 1.0, 100.0),
    ("library and scripts alone", 10.0, 0.0, 100.0),
    ("both, dense weight 1", 1.0, 1.0, 100.0),
    ("both, dense weight 10 (chosen)", 10.0, 1.0, 100.0),
    ("both, dense weight 10, inverse penalty 10", 10.0, 1.0, 10.0),
)


def main() -> None:
    """Run all trials and write them as JSON."""
    given = arguments(__doc__)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language]
    kept = [r for r in read_labelled([given.validation], taxonomy) if r.language]
    features, held = (csr_matrix(language_features([r.text for r in x])) for x in (records, kept))
    truth, aim = (np.array([LANGUAGES.index(r.language or "") for r in x]) for x in (records, kept))
    # One writer in four is left out; a language with a single writer is learnt, not tested.
    fold = writer_folds(records)
    several = np.isin(truth, [c for c in set(truth) if len(set(fold[truth == c])) > 1])
    unseen = (fold == 0) & several
    rows = [_library_alone(features[unseen], truth[unseen], held, aim)]
    for name, dense, grams, penalty in TRIALS:
        started = time.perf_counter()
        model = _fit(_weighted(features[~unseen], dense, grams), truth[~unseen], penalty)
        found = model.predict(_weighted(features[unseen], dense, grams))
        model = _fit(_weighted(features, dense, grams), truth, penalty)
        validated = model.predict(_weighted(held, dense, grams))
        rows.append(
            _row(name, found, truth[unseen], validated, aim)
            | {"seconds": round(time.perf_counter() - started, 1)}
        )
    write(
        given,
        "Language identification",
        rows,
        records=len(records),
        validation_records=len(kept),
    )


def _weighted(features: csr_matrix, dense: float, grams: float) -> csr_matrix:
    return csr_matrix(
        hstack(
            [
                features[:, :N_GRAM_BUCKETS] * grams,
                features[:, N_GRAM_BUCKETS:] * (dense / DENSE_WEIGHT),
            ]
        )
    )


def _fit(features: csr_matrix, truth: NDArray[np.intp], penalty: float) -> LogisticRegression:
    return LogisticRegression(C=penalty, class_weight="balanced", max_iter=1000, tol=1e-3).fit(
        features, truth
    )


def _library_alone(
    features: csr_matrix, truth: NDArray[np.intp], held: csr_matrix, aim: NDArray[np.intp]
) -> dict[str, Any]:
    """Take the library's own answer where it has one of our codes, else ``und``."""
    codes = [LANGUAGES.index({"kab": "zgh"}.get(code, code)) for code in LIBRARY_CODES]
    names = np.array([*codes, LANGUAGES.index("und")])

    def answers(matrix: csr_matrix) -> NDArray[np.intp]:
        scores = matrix[:, N_GRAM_BUCKETS : N_GRAM_BUCKETS + len(names)].toarray()
        return names[scores.argmax(axis=1)]

    return _row("library alone (baseline)", answers(features), truth, answers(held), aim)


def _row(
    name: str,
    found: NDArray[np.intp],
    truth: NDArray[np.intp],
    validated: NDArray[np.intp],
    aim: NDArray[np.intp],
) -> dict[str, Any]:
    return {
        "name": name,
        "unseen": _shares(found, truth),
        "validation": _shares(validated, aim),
    }


def _shares(found: NDArray[np.intp], truth: NDArray[np.intp]) -> dict[str, float]:
    codes: Sequence[int] = sorted(set(truth))
    return {"accuracy": round(float(np.mean(found == truth)), 4)} | {
        f"recall {LANGUAGES[code]}": round(float(np.mean(found[truth == code] == code)), 4)
        for code in codes
    }


if __name__ == "__main__":
    main()
