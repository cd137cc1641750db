"""The learning curve: what more writing would still bring, language by language.

``python -m training.trials.curve --data data/corpus --validation DIR --out FILE``
"""

from __future__ import annotations

import numpy as np

from data.labelled import read_labelled
from data.splits import groups
from data.taxonomy import load_taxonomy
from training.trials.command import arguments, write
from training.trials.lexical import Trial, figures

SHARES = (0.10, 0.25, 0.50, 1.00)
SEEDS = (1, 2, 3)


def main() -> None:
    """Train on growing shares of the situations and score the validation set each time."""
    given = arguments(__doc__)
    taxonomy = load_taxonomy()
    records = [r for r in read_labelled(given.data, taxonomy) if r.language != "und"]
    kept = read_labelled([given.validation], taxonomy)
    group = np.array(groups(records))
    rows = []
    for share in SHARES:
        runs = []
        for seed in SEEDS if share < 1 else SEEDS[:1]:
            order = np.random.default_rng(seed).permutation(group.max() + 1)
            chosen = set(order[: max(1, round(share * len(order)))].tolist())
            training = [r for r, g in zip(records, group, strict=True) if int(g) in chosen]
            runs.append(figures(Trial("recipe"), training, kept, taxonomy))
        mean = {name: round(float(np.mean([run[name] for run in runs])), 4) for name in runs[0]}
        rows.append(
            {
                "name": f"{share:.0%} of the situations",
                "unseen": {},
                "validation": mean,
                "runs": runs,
            }
        )
    write(
        given,
        "Learning curve of the lexical recipe (mean of three draws of situations)",
        rows,
        records=len(records),
        validation_records=len(kept),
    )


if __name__ == "__main__":
    main()
