"""What was tried for the lexical recipe, measured on writers and situations unseen in training.

Each fold leaves out a quarter of the writers and a quarter of the situations, trains on what
neither touches, and scores what both touch. The validation set is scored once more by a model
of the whole corpus; it chooses between designs and sets nothing.

``python -m training.trials.lexical --data data/corpus --validation DIR --out FILE``
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score

from data.labelled import read_labelled
from data.records import LabelledReport
from data.splits import groups
from data.taxonomy import Taxonomy, load_taxonomy
from model.features import LexicalFeatures
from training.config import FeatureConfig, HeadConfig
from training.fit import fit_heads
from training.trials.command import arguments, write

FOLDS = 4
_F = FeatureConfig()
_H = HeadConfig()


@dataclass(frozen=True)
class Trial:
    """One configuration.

    :param name: What differs from the recipe.
    :param features: Its features.
    :param heads: Its heads.
    """

    name: str
    features: FeatureConfig = _F
    heads: HeadConfig = _H


_WORDS = replace(_F, word_ngrams=2, character_ngrams=0, skeleton_ngrams=0)
_CHARACTERS = replace(_F, word_ngrams=0, character_ngrams=5, skeleton_ngrams=0)

TRIALS = (
    Trial("words alone (baseline)", _WORDS),
    Trial("words and skeletons", replace(_WORDS, skeleton_ngrams=1)),
    Trial("characters alone", _CHARACTERS),
    Trial("words and characters", replace(_CHARACTERS, word_ngrams=2)),
    Trial("characters and skeletons", replace(_CHARACTERS, skeleton_ngrams=1)),
    Trial("words, characters, skeletons", replace(_CHARACTERS, word_ngrams=2, skeleton_ngrams=1)),
    Trial("characters to 4", replace(_CHARACTERS, character_ngrams=4)),
    Trial("characters to 6", replace(_CHARACTERS, character_ngrams=6)),
    Trial("characters, 120,000 terms", replace(_CHARACTERS, max_terms=120_000)),
    Trial("characters, inverse penalty 3", _CHARACTERS, replace(_H, inverse_penalty=3.0)),
    Trial("characters, inverse penalty 30", _CHARACTERS, replace(_H, inverse_penalty=30.0)),
    Trial("characters, labels unbalanced", _CHARACTERS, replace(_H, balanced=False)),
)


def main() -> None:
    """Run all trials and write them as JSON."""
    given = arguments(__doc__)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    kept = read_labelled([given.validation], taxonomy)
    folds = unseen_folds(records)
    rows = []
    for trial in TRIALS:
        rows.append(run(trial, records, folds, kept, taxonomy))
        # After each one: a long series that is cut short keeps what it has.
        write(
            given,
            "Lexical features and heads",
            rows,
            records=len(records),
            validation_records=len(kept),
        )


def unseen_folds(
    records: Sequence[LabelledReport],
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Pair rows to train on with rows whose writer and situation are both left out.

    :param records: Labelled reports with writers and scenarios.
    :return: Pairs of row numbers (train, test), one a fold.
    """
    group = np.array(groups(records)) % FOLDS
    writer = writer_folds(records)
    return [
        (np.flatnonzero((group != k) & (writer != k)), np.flatnonzero((group == k) & (writer == k)))
        for k in range(FOLDS)
    ]


def writer_folds(records: Sequence[LabelledReport]) -> NDArray[np.intp]:
    """Deal writers over the folds: those of a language to different ones."""
    writers = sorted({r.writer or "" for r in records})
    return np.array([writers.index(r.writer or "") for r in records], dtype=np.intp) % FOLDS


def run(
    trial: Trial,
    records: Sequence[LabelledReport],
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    kept: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """Measure one configuration.

    :return: Its name, configuration, figures on unseen writers and on the kept-out set, and the
        seconds that fitting the whole data set takes.
    """
    unseen = [
        figures(trial, [records[i] for i in train], [records[i] for i in test], taxonomy)
        for train, test in folds
    ]
    started = time.perf_counter()
    validated = figures(trial, records, kept, taxonomy) if kept else {}
    seconds = time.perf_counter() - started
    names = [name for name in unseen[0] if all(name in fold for fold in unseen)]
    return {
        "name": trial.name,
        "features": asdict(trial.features),
        "heads": asdict(trial.heads),
        "unseen": {n: round(float(np.mean([f[n] for f in unseen])), 4) for n in names},
        "unseen_by_fold": [{n: round(fold[n], 4) for n in names} for fold in unseen],
        "validation": {name: round(value, 4) for name, value in validated.items()},
        "seconds": round(seconds, 1),
    }


def figures(
    trial: Trial,
    training: Sequence[LabelledReport],
    test: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> dict[str, float]:
    """Fit on some records and score others.

    :return: Macro-F1, priority kappa, average precision of the two flags of the mission, and
        macro-F1 by language.
    """
    extractor = LexicalFeatures(**asdict(trial.features))
    matrix = extractor.fit_transform([r.text for r in training])
    heads = fit_heads(matrix, training, taxonomy, trial.heads)
    probabilities = heads.probabilities(extractor.transform([r.text for r in test]))
    truth = np.array([taxonomy.category_codes.index(r.category) for r in test])
    given = probabilities["category"].argmax(axis=1)
    levels = [taxonomy.priority_codes.index(r.priority or "P4") for r in test]
    found = {
        "macro-F1": _macro(truth, given),
        "priority kappa": float(
            cohen_kappa_score(levels, probabilities["priority"].argmax(axis=1), weights="quadratic")
        ),
    }
    for code in ("terrorism_apology", "child_grooming"):
        carries = [code in (r.flags or ()) for r in test]
        found[f"{code} average precision"] = float(
            average_precision_score(carries, probabilities[f"flag:{code}"][:, 0])
        )
    for language in sorted({r.language for r in test if r.language}):
        rows = np.array([r.language == language for r in test])
        found[f"macro-F1 {language}"] = _macro(truth[rows], given[rows])
    return found


def _macro(truth: NDArray[np.intp], given: NDArray[np.intp]) -> float:
    return float(f1_score(truth, given, labels=np.unique(truth), average="macro", zero_division=0))


if __name__ == "__main__":
    main()
