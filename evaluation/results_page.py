"""The page of results, rendered from the JSON files beside it.

``python -m evaluation.results_page`` writes ``evaluation/results/README.md``; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

_INTRODUCTION = """# Results

Rendered from the JSON files in this folder by `python -m evaluation.results_page`; each file holds
the commit, data hashes, seed and machine behind its figures. Intervals are 95 % bootstrap intervals
over reports. "Unseen" means: writers and situations that the model was not fitted on.
"""

_OVERALL = (
    "category macro-F1",
    "category accuracy",
    "category calibration error",
    "prediction set coverage",
    "prediction set size",
    "manual triage rate",
    "priority kappa",
    "P1 recall",
    "P1 false-positive rate",
    "terrorism_apology recall",
    "terrorism_apology false-positive rate",
    "terrorism_apology average precision",
    "child_grooming recall",
    "child_grooming false-positive rate",
    "child_grooming average precision",
    "minor_involved recall",
    "minor_involved false-positive rate",
    "imminent_danger recall",
    "imminent_danger false-positive rate",
    "self_harm_risk recall",
    "self_harm_risk false-positive rate",
    "language accuracy",
)

_PEERS = ("contender", "macro-F1", "accuracy", "learnt from", "training", "texts a second", "MB")
_MISSING = ("skipped", "failed")
_MISSION = ("terrorism_apology", "child_grooming")


def render(folder: Path = RESULTS) -> str:
    """Render all results of a folder.

    :param folder: Holds ``validation.json`` and ``test.json`` (evaluation reports),
        ``explanations.json``, ``hatecheck.json``, ``peers.json`` and the files of the trials;
        each may be missing.
    :return: Markdown.
    """
    parts = [_INTRODUCTION]
    for name, title in (
        ("validation", "The shipped model on the validation set"),
        ("test", "The shipped model on its own test split"),
    ):
        path = folder / f"{name}.json"
        if path.exists():
            parts += _evaluation(title, path)
    if (folder / "peers.json").exists():
        parts += _peers(folder / "peers.json")
    if (folder / "explanations.json").exists():
        parts += _explanations(folder / "explanations.json")
    if (folder / "hatecheck.json").exists():
        parts += _hatecheck(folder / "hatecheck.json")
    for path in sorted(folder.glob("trials-*.json")):
        parts += _trials(path)
    return "\n".join(parts).rstrip() + "\n"


def _evaluation(title: str, path: Path) -> list[str]:
    report = json.loads(path.read_text(encoding="utf-8"))
    results = report["results"]
    own = results[report["model"]["version"]]
    overall = [
        [name, *(_cell(result["overall"].get(name)) for result in results.values())]
        for name in _OVERALL
        if name in own["overall"]
    ]
    shown = ("category macro-F1", "priority kappa", "language accuracy")
    by_language = [
        [code, *(_cell(row.get(name)) for name in shown)]
        for code, row in own["by"]["language"].items()
    ]
    by_category = [
        [code, *(_cell(row[name]) for name in ("precision", "recall", "F1"))]
        for code, row in own["by_category"].items()
    ]
    return [
        f"## {title}\n",
        f"`{path.name}`: {report['records']} reports; code {report['code'][:12]}, "
        f"seed {report['seed']}, {report['machine']}.\n",
        _table(["figure", *results], overall),
        _table(["language", *shown], by_language),
        *_gap(own.get("language_gap")),
        _table(["category", "precision", "recall", "F1"], by_category),
        *_robustness(report.get("robustness", {})),
        *behaviour_tables(report.get("behaviour", {})),
    ]


def _gap(found: dict[str, Any] | None) -> list[str]:
    if not found:
        return []
    return [
        f"From {found['worst']} to {found['best']}: {100 * found['value']:.1f} points, of the "
        f"languages with {found['least']} reports or more.\n"
    ]


def _robustness(found: dict[str, Any]) -> list[str]:
    """The same reports typed in other ways; a loss above 0 is a loss."""
    rows = [
        [
            name,
            f"{told['before']:.3f}",
            f"{told['after']:.3f}",
            _cell(told["loss"]),
            *(
                f"{told['recall'][flag]['before']:.2f} → {told['recall'][flag]['after']:.2f}"
                if flag in told["recall"]
                else "–"
                for flag in _MISSION
            ),
        ]
        for name, told in found.items()
    ]
    named = [f"{flag} recall" for flag in _MISSION]
    head = ["typed with", "category macro-F1", "so typed", "loss", *named]
    return [_table(head, rows)] if rows else []


def behaviour_tables(found: dict[str, Any]) -> list[str]:
    """What must not move a score, and what must: a table each, none where it was not measured."""
    tables = []
    for kind, first in (("invariance", "swapped"), ("direction", "added")):
        told = found.get(kind, {})
        if told:
            columns = [name for name in next(iter(told.values())) if name not in ("n", "flag")]
            rows = [
                [
                    name,
                    str(row["n"]),
                    *(f"{row[column]:.3f}" for column in columns if column in row),
                ]
                for name, row in told.items()
            ]
            tables.append(_table([first, "reports", *columns], rows))
    return tables


def _explanations(path: Path) -> list[str]:
    done = json.loads(path.read_text(encoding="utf-8"))
    columns = ("comprehensiveness", "sufficiency", "evidence F1, flags")
    rows = [
        [name, *(_cell(told[column]) for column in columns), f"{told['median seconds']:.3f}"]
        for name, told in done["results"].items()
    ]
    return [
        "## Explanations\n",
        f"`{path.name}`: {done['reports']} reports of the test side; {done['model']['version']}, "
        f"code {done['code'][:12]}, {done['machine']}. How far the category's probability falls "
        "without the telling words (more is better), how far with them alone (less is better), and "
        "how well a flag's telling words are those of the written evidence.\n",
        _table(["method", *columns, "seconds"], rows),
    ]


def _hatecheck(path: Path) -> list[str]:
    done = json.loads(path.read_text(encoding="utf-8"))
    parts = [
        "## An outside test: HateCheck\n",
        f"`{path.name}`: {done['cases']} posts, none of them a report; {done['model']['version']}, "
        f"code {done['code'][:12]}, {done['machine']}. Share of hateful posts taken for an offence "
        "of speech, and of the others taken for none.\n",
    ]
    for kind, named in done["results"].items():
        rows = [[name, _cell(figure)] for name, figure in named.items()]
        parts.append(_table([kind, "right"], rows))
    return parts


def _peers(path: Path) -> list[str]:
    """What a data scientist would otherwise pick: one table a task, every contender in it."""
    done = json.loads(path.read_text(encoding="utf-8"))
    limit = f" **A trial of {done['limit']} texts a side: no result.**" if done["limit"] else ""
    parts = [
        "## Beside what one would otherwise pick\n",
        f"`{path.name}`: same texts, same run, {done['threads']} threads; code "
        f"{done['code'][:12]}, seed {done['seed']}, {done['machine']}.{limit} Farz's speed "
        "includes language, priority and flags, where a task has them. Our recipes were chosen "
        "on the validation set, the peers' settings were set once: the public tasks are the "
        "fairer comparison.\n",
    ]
    for task in done["tasks"].values():
        parts.append(f"### {task['title']}\n")
        if "skipped" in task:
            parts.append(f"skipped: {task['skipped']}\n")
            continue
        parts.append(f"{task['train']} texts to learn from, {task['test']} to be measured on.\n")
        parts += _peers_tables(done["contenders"], task["results"])
    return parts


def _peers_tables(titles: dict[str, str], results: dict[str, Any]) -> list[str]:
    rows, by_language, notes = [], [], []
    for name, result in results.items():
        missing = next((f"{key}: {result[key]}" for key in _MISSING if key in result), None)
        if missing is not None:
            rows.append([titles[name], missing, *("–" for _ in _PEERS[2:])])
            continue
        rows.append(
            [
                titles[name],
                *(_cell(result["overall"][figure]) for figure in ("macro-F1", "accuracy")),
                f"{result['trained_on']}",
                f"{result['training_seconds']:.1f} s",
                f"{result['texts_per_second']:.0f}",
                f"{result['megabytes']:.1f}",
            ]
        )
        if result["by_language"]:
            values = (f"{figure['value']:.3f}" for figure in result["by_language"].values())
            by_language.append([titles[name], *values])
            languages = [f"{code} n {f['n']}" for code, f in result["by_language"].items()]
        if result["note"]:
            notes.append(f"- {titles[name]}: {result['note']}")
    parts = [_table(_PEERS, rows)]
    if by_language:
        parts.append(_table(["macro-F1 by language", *languages], by_language))
    return [*parts, "\n".join(notes) + "\n"] if notes else parts


def _trials(path: Path) -> list[str]:
    done = json.loads(path.read_text(encoding="utf-8"))
    first = done["trials"][0]
    if "validation" not in first:
        return _plain_trials(path, done)
    columns = [
        *((f"{name}, unseen", "unseen", name) for name in first["unseen"] if "F1 " not in name),
        *((f"{name}, validation", "validation", name) for name in first["validation"]),
    ]
    rows = [
        [
            trial["name"],
            *(
                f"{trial[part][name]:.3f}" if name in trial[part] else "–"
                for _, part, name in columns
            ),
            f"{trial['seconds']:.0f}" if "seconds" in trial else "–",
        ]
        for trial in done["trials"]
    ]
    return [
        f"## Tried: {done['title']}\n",
        f"`{path.name}`: {done['records']} reports; code {done['code'][:12]}, {done['machine']}.\n",
        _table(["trial", *(name for name, _, _ in columns), "seconds"], rows),
    ]


def _plain_trials(path: Path, done: dict[str, Any]) -> list[str]:
    """Trials that no labels measure: whatever figures they hold."""
    names = [name for name, value in done["trials"][0].items() if isinstance(value, int | float)]
    rows = [[trial["name"], *(f"{trial[name]:g}" for name in names)] for trial in done["trials"]]
    return [
        f"## Tried: {done['title']}\n",
        f"`{path.name}`: code {done['code'][:12]}, {done['machine']}.\n",
        _table(["trial", *(name.replace("_", " ") for name in names)], rows),
    ]


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] n {figure['n']}"


if __name__ == "__main__":
    (RESULTS / "README.md").write_text(render(), encoding="utf-8")
