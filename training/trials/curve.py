"""The learning curve: what more writing would still bring, language by language and recipe.

``python -m training.trials.curve --data data/corpus --validation DIR --out FILE [--encoder DIR]``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.labelled import read_labelled
from data.records import LabelledReport
from data.splits import groups
from data.taxonomy import Taxonomy, load_taxonomy
from model.features import LexicalFeatures
from model.pipeline import joined
from training.config import load_config
from training.embedding import Scale
from training.encoder.folder import load_folder
from training.fit import fit_heads
from training.measures import measures
from training.trials.command import arguments, write

SHARES = (0.10, 0.25, 0.50, 1.00)
SEEDS = (1, 2, 3)
RECIPES = Path(__file__).parent.parent / "recipes"


def main() -> None:
    """Train on growing shares of the situations and score the validation set each time."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--encoder", type=Path)
    extra, rest = parser.parse_known_args()
    given = arguments(__doc__, rest)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    kept = read_labelled([given.validation], taxonomy)
    group = np.array(groups(records))
    embedded = None
    if extra.encoder:
        encoder = load_folder(extra.encoder).encoder
        embedded = encoder.embed([r.text for r in (*records, *kept)])
    rows = []
    for recipe in ("lexical", "frozen") if extra.encoder else ("lexical",):
        for share in SHARES:
            runs = []
            for seed in SEEDS if share < 1 else SEEDS[:1]:
                order = np.random.default_rng(seed).permutation(group.max() + 1)
                chosen = order[: max(1, round(share * len(order)))]
                own = np.flatnonzero(np.isin(group, chosen))
                runs.append(figures(recipe, own, records, kept, embedded, taxonomy))
            mean = {name: round(float(np.mean([run[name] for run in runs])), 4) for name in runs[0]}
            rows.append(
                {
                    "name": f"{recipe}, {share:.0%} of the situations",
                    "recipe": recipe,
                    "share": share,
                    "unseen": {},
                    "validation": mean,
                    "runs": runs,
                }
            )
    write(
        given,
        "Learning curve (mean of three draws of situations)",
        rows,
        records=len(records),
        validation_records=len(kept),
    )


def figures(
    recipe: str,
    own: NDArray[np.intp],
    records: Sequence[LabelledReport],
    kept: Sequence[LabelledReport],
    embedded: NDArray[np.float32] | None,
    taxonomy: Taxonomy,
) -> dict[str, float]:
    """Fit a recipe on some records and measure it on those kept out.

    :param recipe: ``lexical`` or ``frozen``.
    :param own: Places of the records to fit on.
    :param records: All records.
    :param kept: Records kept out.
    :param embedded: Embeddings of both, one after the other; for ``frozen``.
    :param taxonomy: The labels.
    """
    config = load_config(RECIPES / f"{recipe}.toml")
    training = [records[i] for i in own]
    lexical = LexicalFeatures(**asdict(config.features))
    matrix = lexical.fit_transform([r.text for r in training])
    test = lexical.transform([r.text for r in kept])
    if recipe == "frozen":
        assert embedded is not None
        scale = Scale.of(embedded[own], config.encoder.scale)
        matrix = joined(scale.apply(embedded[own]), matrix)
        test = joined(scale.apply(embedded[len(records) :]), test)
    return measures(fit_heads(matrix, training, taxonomy, config.heads), test, kept, taxonomy)


if __name__ == "__main__":
    main()
