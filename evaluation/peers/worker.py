"""One contender on one task, in a process of its own: ``python -m evaluation.peers.worker``.

Reads a job (JSON) and writes what came of it (JSON). Memory, threads and imports of one contender
thus never weigh on another.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from evaluation.peers.contenders import CONTENDERS, THREADS, Job
from evaluation.peers.skip import Skip

PASSES = 3


def work(job: Job) -> dict[str, Any]:
    """Train a contender and let it answer.

    :param job: What is to be done.
    :return: Predicted labels of the test texts, in order; training seconds, texts per second,
        megabytes, number of texts learnt from, versions, and a note; or ``skipped``.
    """
    contender = CONTENDERS[job.contender]
    train, test = (_read(job.folder / f"{side}.jsonl") for side in ("train", "test"))
    try:
        peer = contender.open(job)
    except Skip as skip:
        return {"skipped": str(skip)}
    started = time.perf_counter()
    peer.fit([r["text"] for r in train], [r["category"] for r in train])
    seconds = time.perf_counter() - started
    texts = [r["text"] for r in test]
    peer.predict(texts[:20])  # warm up
    passes = []
    for _ in range(PASSES):
        started = time.perf_counter()
        predictions = peer.predict(texts)
        passes.append(time.perf_counter() - started)
    saved = job.work / "saved"
    saved.mkdir()
    peer.save(saved)
    size = sum(path.stat().st_size for path in saved.rglob("*") if path.is_file())
    return {
        "predictions": predictions,
        "training_seconds": round(seconds if peer.seconds is None else peer.seconds, 2),
        "texts_per_second": round(len(texts) / median(passes), 1),
        "megabytes": round(size / 1e6, 2),
        "trained_on": len(train) if peer.trained_on is None else peer.trained_on,
        "versions": {name: version(name) for name in contender.packages},
        "note": peer.note,
    }


def environment() -> dict[str, str]:
    """Give the surroundings of a worker: so many threads, and no look at any network.

    The variables are read when a library is loaded; hence they are set before the process starts.
    """
    pools = ("OMP", "MKL", "OPENBLAS", "RAYON")
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": str(THREADS) for name in pools},
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
        "CUDA_VISIBLE_DEVICES": "",
    }


def main(arguments: Sequence[str]) -> None:
    """Run the job of the first file and write its result to the second."""
    source, target = map(Path, arguments)
    if hasattr(os, "sched_setaffinity"):
        # Thread pools differ in which variable they obey; all obey the processors they may use.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    result = work(Job.of(json.loads(source.read_text(encoding="utf-8"))))
    target.write_text(json.dumps(result) + "\n", encoding="utf-8")


def _read(path: Path) -> list[dict[str, Any]]:
    # Not splitlines: texts may hold other line ends than the file's.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


if __name__ == "__main__":
    main(sys.argv[1:])
