"""An outside test of insult, incitement and threats: HateCheck's functional classes.

HateCheck (Röttger et al. 2021; multilingual, 2022) holds short made-up posts, each of one
functional class, hateful or not. None is a citizen's report, and its label is not our taxonomy's:
what is measured is whether hateful posts are taken for an offence of speech (incitement, insult
or threat) and the others for none, counter-speech above all.

``python -m evaluation.hatecheck --model BUNDLE --public DIR --out FILE [--every N]``
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from data.provenance import commit, machine
from data.records import Report
from evaluation import metrics
from model.bundle import load_scorer
from model.scorer import Scorer

OFFENCES = ("incitement", "insult_defamation", "violence_threats")
FILES = {
    "en": "hatecheck_en/test_suite_cases.csv",
    "fr": "mhc/hatecheck_cases_final_french.csv",
    "es": "mhc/hatecheck_cases_final_spanish.csv",
    "ar": "mhc/hatecheck_cases_final_arabic.csv",
}
SEED = 0


@dataclass(frozen=True)
class Case:
    """One post.

    :param language: Its language.
    :param functionality: Its functional class.
    :param hateful: Its label.
    :param text: The post.
    """

    language: str
    functionality: str
    hateful: bool
    text: str


def read_cases(public: Path, every: int = 1) -> list[Case]:
    """Read the cases of all languages that lie in a folder.

    :param public: Folder of public data.
    :param every: Keep one case in so many.
    """
    cases = []
    for language, name in FILES.items():
        if (public / name).exists():
            with (public / name).open(encoding="utf-8-sig", newline="") as rows:
                found = [
                    Case(
                        language,
                        row["functionality"],
                        row["label_gold"] == "hateful",
                        row["test_case"].strip(),
                    )
                    for row in csv.DictReader(rows)
                ]
            cases += found[::every]
    return cases


def hatecheck(scorer: Scorer, cases: Sequence[Case]) -> dict[str, Any]:
    """Score cases.

    :param scorer: The model.
    :param cases: At least one.
    :return: By language and by functional class: the share of hateful posts that are taken for
        an offence of speech, or of the others that are not, with its interval. A post against one
        person or thing and no group may be an insult: there, ``incitement`` alone is wrong.
    """
    scores = scorer.score([Report(case.text) for case in cases])
    right = np.array([_right(c, s.category.label) for c, s in zip(cases, scores, strict=True)])
    groups: dict[str, dict[str, list[int]]] = {
        "language": defaultdict(list),
        "class": defaultdict(list),
    }
    for row, case in enumerate(cases):
        kind = "hateful" if case.hateful else "not hateful"
        groups["language"][f"{case.language}, {kind}"].append(row)
        groups["class"][case.functionality].append(row)
    return {
        kind: {name: _share(right[rows]) for name, rows in sorted(named.items())}
        for kind, named in groups.items()
    }


def _right(case: Case, label: str) -> bool:
    if case.hateful:
        return label in OFFENCES
    if case.functionality.startswith("target_"):
        return label != "incitement"
    return label not in OFFENCES


def _share(right: metrics.Bools) -> dict[str, Any]:
    def mean(values: metrics.Bools) -> float:
        return float(values.mean())

    low, high = metrics.interval(mean, (right,), seed=SEED) or (None, None)
    return {"value": mean(right), "low": low, "high": high, "n": len(right)}


def main() -> None:
    """Score the cases and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--public", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    cases = read_cases(given.public, given.every)
    if not cases:
        parser.error(f"{given.public} holds none of {', '.join(FILES.values())}")
    scorer = load_scorer(given.model)
    report = {
        "model": {"version": scorer.version, "digest": scorer.digest},
        "cases": len(cases),
        "seed": SEED,
        "code": commit(Path(__file__).parent),
        "machine": machine(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "interval": "95 % percentile bootstrap, 1000 resamples of posts",
        "results": hatecheck(scorer, cases),
    }
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
