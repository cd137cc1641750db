"""Whether explanations tell what moved the model (faithful), and what moved people (plausible).

Faithful: how far the probability falls when the words said to tell are taken out
(comprehensiveness) and how little when they alone are left (sufficiency), as means over a tenth, a
fifth, a third and a half of the words (DeYoung et al. 2020). Plausible: token F1 with the words
that the writer gave as evidence.

``python -m evaluation.faithfulness --model BUNDLE --data data/corpus --out FILE [--reports N]``,
on the bundle's own test side; LIME (Ribeiro et al. 2016) beside it where it is installed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.labelled import read_labelled
from data.language import load_identifier
from data.provenance import commit, machine
from data.records import LabelledReport
from evaluation import metrics
from model.bundle import Parts, load_bundle
from model.explain import Answer, Word, contributions, without, words_of

SEED = 0
SHARES = (0.1, 0.2, 0.33, 0.5)
FEWEST, MOST = 8, 80
"""Words of the reports that are explained: fewer leave nothing to choose from."""
TELLING = 1 / 3
"""A word is called telling from this share of the most telling word's contribution."""

Floats = NDArray[np.float64]
Weigh = Callable[["Case"], Floats]


@dataclass(frozen=True)
class Case:
    """One answer to one report.

    :param record: The report.
    :param code: Its language as identified.
    :param answer: What is explained.
    :param words: Its words.
    :param probability: Gives the answer's probability for texts.
    """

    record: LabelledReport
    code: str
    answer: Answer
    words: tuple[Word, ...]
    probability: Callable[[Sequence[str]], Floats]


def methods(parts: Parts) -> dict[str, Weigh]:
    """Give the ways to weigh a report's words, a random order first."""
    rng = np.random.default_rng(SEED)

    def asking(candidates: int | None) -> Weigh:
        def weigh(case: Case) -> Floats:
            options = {} if candidates is None else {"candidates": candidates}
            return contributions(
                parts.pipeline,
                parts.heads,
                case.record.text,
                case.code,
                {"it": case.answer},
                **options,
            ).values["it"]

        return weigh

    found: dict[str, Weigh] = {
        "random order": lambda case: rng.random(len(case.words)),
        "words' linear part alone": asking(0),
        "as served": asking(None),
        "every word taken out": asking(10**6),
    }
    if find_spec("lime"):
        found["LIME, 200 samples"] = _lime(200)
    return found


def _lime(samples: int) -> Weigh:
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(
        random_state=SEED, bow=False, mask_string="", split_expression=lambda s: s.split()
    )

    def weigh(case: Case) -> Floats:
        text = case.record.text
        plain = " ".join(text[w.start : w.end].replace(" ", "_") for w in case.words)

        def both(texts: Sequence[str]) -> Floats:
            told = case.probability([t or " " for t in texts])
            return np.column_stack([1 - told, told])

        told = explainer.explain_instance(
            plain, both, num_features=len(case.words), num_samples=samples
        )
        weights = np.zeros(len(case.words))
        for place, value in told.as_map()[1]:
            weights[place] = value
        return weights

    return weigh


def faithfulness(parts: Parts, records: Sequence[LabelledReport]) -> dict[str, Any]:
    """Measure every method on the category of each report, and on its evidence's flags.

    :param parts: The model.
    :param records: Reports that it never saw.
    :return: By method: comprehensiveness, sufficiency, token F1 with the evidence on flagged
        reports, each with its interval and by language, and the median seconds.
    """
    cases, flagged = _cases(parts, records)
    report = {}
    for name, weigh in methods(parts).items():
        seconds, gone, left = [], [], []
        for case in cases:
            started = time.perf_counter()
            weights = weigh(case)
            seconds.append(time.perf_counter() - started)
            one, two = _erased(case, weights)
            gone.append(one)
            left.append(two)
        overlap = [_overlap(case, weigh(case)) for case in flagged]
        languages = [case.record.language for case in cases]
        report[name] = {
            "comprehensiveness": _mean(gone),
            "sufficiency": _mean(left),
            "evidence F1, flags": _mean(overlap),
            "median seconds": float(np.median(seconds)),
            "comprehensiveness by language": {
                str(code): _mean([g for g, own in zip(gone, languages, strict=True) if own == code])
                for code in sorted({*languages}, key=str)
            },
        }
    return report


def _cases(parts: Parts, records: Sequence[LabelledReport]) -> tuple[list[Case], list[Case]]:
    labels = {head.name: head.labels for head in parts.heads.heads}
    codes = [found.code for found in load_identifier().identify([r.text for r in records])]
    cases, flagged = [], []
    for record, code in zip(records, codes, strict=True):
        words = words_of(record.text)
        if not FEWEST <= len(words) <= MOST:
            continue

        def told(texts: Sequence[str], head: str, column: int, code: str = code) -> Floats:
            features = parts.pipeline.transform(texts, [code] * len(texts))
            return parts.heads.probabilities(features.matrix)[head][:, column]

        best = int(
            parts.heads.probabilities(parts.pipeline.transform([record.text], [code]).matrix)[
                "category"
            ].argmax()
        )
        answer = Answer("category", labels["category"][best])
        cases.append(
            Case(
                record, code, answer, words,
                lambda texts, told=told, best=best: told(texts, "category", best),
            )
        )  # fmt: skip
        for flag in record.flags or ():
            if record.evidence and f"flag:{flag}" in labels:
                head = f"flag:{flag}"
                flagged.append(
                    Case(
                        record, code, Answer(head, flag), words,
                        lambda texts, told=told, head=head: told(texts, head, 0),
                    )
                )  # fmt: skip
    return cases, flagged


def _erased(case: Case, weights: Floats) -> tuple[float, float]:
    order = np.argsort(-weights, kind="stable")
    text, words = case.record.text, case.words
    gone, left = [], []
    for share in SHARES:
        count = max(1, round(share * len(words)))
        chosen = sorted(order[:count].tolist())
        others = sorted(order[count:].tolist())
        gone.append(without(text, [words[i] for i in chosen]))
        left.append(without(text, [words[i] for i in others]))
    told = case.probability([text, *gone, *left])
    whole, half = told[0], len(SHARES)
    return float(whole - told[1 : 1 + half].mean()), float(whole - told[1 + half :].mean())


def _overlap(case: Case, weights: Floats) -> float:
    """Token F1 of the telling words with those of the evidence."""
    text = case.record.text
    spans = []
    for piece in case.record.evidence:
        start = text.find(piece)
        spans.append((start, start + len(piece)))
    meant = np.array(
        [any(w.start < end and start < w.end for start, end in spans) for w in case.words]
    )
    given = weights >= TELLING * max(float(weights.max()), 1e-9)
    both = int((meant & given).sum())
    return 2 * both / max(int(meant.sum() + given.sum()), 1)


def _mean(values: Sequence[float]) -> dict[str, Any]:
    array = np.array(values)

    def mean(rows: NDArray[np.float64]) -> float:
        return float(rows.mean())

    low, high = metrics.interval(mean, (array,), seed=SEED) or (None, None)
    return {"value": mean(array), "low": low, "high": high, "n": len(array)}


def main() -> None:
    """Measure and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reports", type=int, default=200)
    given = parser.parse_args()
    manifest, parts = load_bundle(given.model)
    kept = {*parts.splits["test"]}
    records = [r for r in read_labelled([given.data], parts.taxonomy) if r.id in kept]
    rng = np.random.default_rng(SEED)
    chosen = [records[i] for i in sorted(rng.permutation(len(records))[: given.reports])]
    report = {
        "model": {"version": manifest.version, "digest": manifest.digest},
        "reports": len(chosen),
        "seed": SEED,
        "code": commit(Path(__file__).parent),
        "machine": machine(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "interval": "95 % percentile bootstrap, 1000 resamples of reports",
        "results": faithfulness(parts, chosen),
    }
    given.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
