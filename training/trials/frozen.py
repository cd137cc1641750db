"""How the encoder as it comes is best read beside words: spellings of Arabizi, scale, penalty.

``python -m training.trials.frozen --data data/corpus --validation DIR --out FILE --prepared DIR``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.labelled import read_labelled
from data.normalisation import arabic_spelling, arabic_view, fold, normalise
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import Taxonomy, load_taxonomy
from model.features import LexicalFeatures
from model.pipeline import joined
from model.views import ARABIZI
from training.config import HeadConfig
from training.embedding import Scale
from training.encoder.folder import load_folder
from training.fit import fit_heads
from training.measures import measures
from training.trials.command import arguments, write

SEED = 5
UNSEEN = 0.2

Texts = Sequence[str]


@dataclass(frozen=True)
class Trial:
    """One way to read.

    :param name: What it is.
    :param view: The second spelling; None for none.
    :param languages: Whose texts have a second spelling.
    :param mean: Average both, instead of taking the second alone.
    :param scale: Of the embedding beside words.
    :param inverse_penalty: Of the heads.
    """

    name: str
    view: Callable[[str], str] | None = arabic_spelling
    languages: tuple[str, ...] = (ARABIZI,)
    mean: bool = True
    scale: float = 0.6
    inverse_penalty: float = 10.0


def _skeleton(text: str) -> str:
    return arabic_view(fold(normalise(text).text))


TRIALS = (
    Trial("Arabizi in Latin letters", view=None),
    Trial("in Arabic letters", mean=False),
    Trial("its consonants in Arabic letters", view=_skeleton, mean=False),
    Trial("both, scale 0.6, penalty 1/10"),
    Trial("both, of mixtures too", languages=(ARABIZI, "mul")),
    *(
        Trial(f"both, scale {scale:g}, penalty 1/{inverse:g}", scale=scale, inverse_penalty=inverse)
        for scale, inverse in (
            (0.3, 3.0),
            (0.3, 10.0),
            (0.6, 3.0),
            (1.0, 3.0),
            (1.0, 10.0),
            (3.0, 10.0),
        )
    ),
)


class Data:
    """Records with their embeddings in each spelling, computed once.

    :param records: Records.
    :param embed: The encoder's ``embed``.
    """

    def __init__(
        self, records: Sequence[LabelledReport], embed: Callable[[Texts], NDArray[np.float32]]
    ) -> None:
        self.records = records
        self.texts = [record.text for record in records]
        self._embed = embed
        self.plain = embed(self.texts)
        self._seen: dict[tuple[Any, ...], NDArray[np.float32]] = {}

    def read(self, trial: Trial) -> NDArray[np.float32]:
        """Embed all records as a trial reads them."""
        if trial.view is None:
            return self.plain
        key = (trial.view, trial.languages)
        rows = [n for n, record in enumerate(self.records) if record.language in trial.languages]
        if key not in self._seen:
            self._seen[key] = self._embed([trial.view(self.texts[row]) for row in rows])
        read = self.plain.copy()
        other = self._seen[key]
        read[rows] = (read[rows] + other) / 2 if trial.mean else other
        return read


def main() -> None:
    """Run all trials and write them as JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--prepared", type=Path, required=True)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    sides = split(records, calibration=UNSEEN, test=0.0, seed=SEED)
    embed = load_folder(extra.prepared).encoder.embed
    training = Data([records[row] for row in sides.train], embed)
    unseen = Data([records[row] for row in sides.calibration], embed)
    kept = Data(read_labelled([given.validation], taxonomy), embed)
    rows = run(training, {"unseen": unseen, "validation": kept}, taxonomy)
    write(
        given,
        "The encoder as it comes, beside words",
        rows,
        records=len(training.records),
        validation_records=len(kept.records),
    )


def run(training: Data, others: dict[str, Data], taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Fit and measure every trial.

    :return: The rows of the table.
    """
    lexical = LexicalFeatures()
    words = lexical.fit_transform(training.texts)
    theirs = {name: lexical.transform(data.texts) for name, data in others.items()}
    rows = []
    for trial in TRIALS:
        embedding = training.read(trial)
        scale = Scale.of(embedding, trial.scale)
        heads = fit_heads(
            joined(scale.apply(embedding), words),
            training.records,
            taxonomy,
            HeadConfig(trial.inverse_penalty),
        )
        found = {
            name: measures(
                heads, _features(scale, data.read(trial), theirs[name]), data.records, taxonomy
            )
            for name, data in others.items()
        }
        rows.append({"name": trial.name, "seed": SEED, **found})
        print(trial.name, {n: m["category_f1"] for n, m in found.items()}, flush=True)  # noqa: T201
    return rows


def _features(scale: Scale, embedding: NDArray[np.float32], words: csr_array) -> csr_array:
    return joined(scale.apply(embedding), words)


if __name__ == "__main__":
    main()
