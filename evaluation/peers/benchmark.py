"""All contenders on all tasks, one process at a time, into one file of figures.

``python -m evaluation.peers.benchmark --data data/corpus --released model/released
--encoder var/encoders/e5-small --public DIR --validation DIR --out FILE [--only NAME …]
[--tasks NAME …] [--limit N]``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from data.provenance import commit, machine
from evaluation import metrics
from evaluation.peers.contenders import CONTENDERS, THREADS, Job
from evaluation.peers.own import ROOT
from evaluation.peers.public import PUBLIC
from evaluation.peers.skip import Skip
from evaluation.peers.tasks import OWN, Task, own_task, public_task
from evaluation.peers.worker import environment
from model.bundle import verify_bundle

SEED = 20241011
_FIGURES: dict[str, Callable[..., float]] = {
    "macro-F1": metrics.macro_f1,
    "accuracy": metrics.accuracy,
}


def benchmark(
    given: argparse.Namespace, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Run the contenders and write the figures, anew after each of them.

    :param given: The command's arguments.
    :param say: Called with each thing done.
    :return: What was written.
    """
    names = [name for name in CONTENDERS if not given.only or name in given.only]
    report: dict[str, Any] = {
        "code": commit(Path(__file__).parent),
        "seed": SEED,
        "machine": machine(),
        "threads": THREADS,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "interval": "95 % percentile bootstrap, 1000 resamples of texts",
        "limit": given.limit,
        "released": _digest_of(given.released),
        "encoder": _hash_of(given.encoder),
        "contenders": {name: CONTENDERS[name].title for name in names},
        "tasks": {},
    }
    done = _earlier(given.out, report)
    for name in given.tasks or (OWN, *PUBLIC):
        try:
            if name == OWN:
                task = own_task(given.data, given.validation, given.released)
            else:
                task = public_task(name, given.public, SEED)
        except Skip as skip:
            report["tasks"][name] = {"title": name, "skipped": str(skip)}
            say(f"{name}: skipped: {skip}")
            _write(given.out, report)
            continue
        if given.limit:
            task = task.limited(given.limit, SEED)
        entry: dict[str, Any] = {
            "title": task.title,
            "labels": list(task.labels),
            "train": len(task.train),
            "test": len(task.test),
            "data": task.hashes,
            "results": {},
        }
        report["tasks"][name] = entry
        before = done.get(name, {}).get("results", {})
        for contender in names:
            if contender in before and "failed" not in before[contender]:
                entry["results"][contender] = before[contender]
                continue
            say(f"{name}: {contender}")
            entry["results"][contender] = run(task, contender, given.encoder, given.released)
            _write(given.out, report)
    return report


def _earlier(path: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Give the tasks of a run that was cut off, where it was of the same bundle and machine."""
    if not path.exists():
        return {}
    before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    same = ("code", "seed", "machine", "threads", "limit", "released", "encoder")
    if any(before.get(name) != report[name] for name in same):
        return {}
    tasks: dict[str, Any] = before["tasks"]
    return tasks


def run(task: Task, contender: str, encoder: Path | None, released: Path) -> dict[str, Any]:
    """Run one contender in a process of its own and measure its answers.

    :param task: What it learns and is measured on.
    :param contender: One of ``CONTENDERS``.
    :param encoder: Prepared encoder folder, or None.
    :param released: The released bundle.
    :return: Its figures; ``skipped`` with what it takes, or ``failed`` where it broke, which its
        own words on the terminal explain.
    """
    with tempfile.TemporaryDirectory(prefix="farz-peers-") as place:
        folder = Path(place)
        task.write(folder)
        (folder / "work").mkdir()
        job = Job(
            contender,
            folder,
            folder / "work",
            SEED,
            encoder if encoder is not None and encoder.exists() else None,
            task.corpus,
            released if task.name == OWN else None,
        )
        source, target = folder / "job.json", folder / "result.json"
        source.write_text(json.dumps(job.plain()), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "evaluation.peers.worker", str(source), str(target)],
            cwd=ROOT,
            env=environment(),
        )
        if done.returncode:
            return {"failed": f"exit status {done.returncode}"}
        result: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    if "skipped" in result:
        return result
    return measure(task, result.pop("predictions")) | result


def measure(task: Task, predictions: Sequence[str]) -> dict[str, Any]:
    """Compare predicted labels with the test records': overall, and by language if several.

    :param task: Holds the test records.
    :param predictions: One label a test record.
    :return: ``overall`` and ``by_language``, each figure with its interval and number of texts.
    """
    truth = np.array([task.labels.index(r.category) for r in task.test])
    predicted = np.array([task.labels.index(label) for label in predictions])
    languages = np.array([r.language or "" for r in task.test])
    overall = {name: _figure(statistic, truth, predicted) for name, statistic in _FIGURES.items()}
    codes = sorted({*languages} - {""})
    by_language = {
        str(code): _figure(metrics.macro_f1, truth[languages == code], predicted[languages == code])
        for code in (codes if len(codes) > 1 else ())
    }
    return {"overall": overall, "by_language": by_language}


def _figure(statistic: Callable[..., float], *arrays: metrics.Integers) -> dict[str, Any]:
    low, high = metrics.interval(statistic, arrays, seed=SEED) or (None, None)
    return {"value": statistic(*arrays), "low": low, "high": high, "n": len(arrays[0])}


def _digest_of(bundle: Path) -> dict[str, str] | None:
    if not bundle.exists():
        return None
    manifest, _ = verify_bundle(bundle)
    return {"version": manifest.version, "digest": manifest.digest}


def _hash_of(encoder: Path | None) -> str | None:
    weights = None if encoder is None else encoder / "checkpoint" / "model.safetensors"
    if weights is None or not weights.exists():
        return None
    return hashlib.sha256(weights.read_bytes()).hexdigest()


def _write(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="The corpus.")
    parser.add_argument("--released", type=Path, required=True, help="The released bundle.")
    parser.add_argument("--encoder", type=Path, help="Folder of `farz encoder prepare`.")
    parser.add_argument("--public", type=Path, required=True, help="Folder of public data.")
    parser.add_argument("--validation", type=Path, required=True, help="The validation set.")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures.")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, help="Contenders.")
    parser.add_argument("--tasks", nargs="+", choices=(OWN, *PUBLIC), help="Tasks.")
    parser.add_argument("--limit", type=int, help="Texts a side, to try a run out.")
    return parser.parse_args(given)


def main() -> None:
    """Run the benchmark; exit status 1 if a contender broke."""
    report = benchmark(arguments(), Console(stderr=True).print)
    cells = [cell for task in report["tasks"].values() for cell in task.get("results", {}).values()]
    sys.exit(any("failed" in cell for cell in cells))


if __name__ == "__main__":
    main()
