"""The service over HTTP against the engine alone: ratios within one run, interleaved.

Nothing is retried until it passes: every round counts, and the median round is reported.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from data.errors import FieldError
from data.provenance import machine
from data.records import Report
from data.report_files import read_reports
from model.bundle import load_scorer

BATCH = 64
CLIENTS = 4
ROUNDS = 5
SINGLES = 100


def bench(model: Path, data: Path, reports: int) -> dict[str, Any]:
    """Measure throughput and latency of the service and of its engine.

    :param model: The bundle.
    :param data: Report file, or a folder of JSONL files, whose texts are used.
    :param reports: Reports a round.
    :return: Figures and ratios, with the machine.
    :raises FieldError: If the data hold no report.
    """
    texts = _texts(data, reports)
    scorer = load_scorer(model)
    ids = (f"bench-{number}" for number in count())
    engine_rates, service_rates, engine_times, service_times = [], [], [], []

    def engine_round() -> None:
        for start in range(0, len(texts), BATCH):
            scorer.score([Report(text) for text in texts[start : start + BATCH]])

    with _service(model) as port, ThreadPoolExecutor(CLIENTS) as clients:

        def send(chunk: Sequence[str]) -> None:
            body = {"reports": [{"report_id": next(ids), "text": text} for text in chunk]}
            _post(port, "/v1/score/batch", body)

        def service_round() -> None:
            chunks = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
            list(clients.map(send, chunks))

        engine_round()
        service_round()
        for _ in range(ROUNDS):
            engine_rates.append(len(texts) / _seconds(engine_round))
            service_rates.append(len(texts) / _seconds(service_round))
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for text in texts[:SINGLES]:
            engine_times.append(_seconds(partial(scorer.score, [Report(text)])))
            body = {"report_id": next(ids), "text": text}
            service_times.append(_seconds(partial(_exchange, connection, "/v1/score", body)))
        connection.close()
    return {
        "machine": machine(),
        "model": scorer.version,
        "reports_a_round": len(texts),
        "rounds": ROUNDS,
        "engine_reports_per_second": round(statistics.median(engine_rates), 1),
        "service_reports_per_second": round(statistics.median(service_rates), 1),
        "throughput_ratio": round(
            statistics.median(s / e for s, e in zip(service_rates, engine_rates, strict=True)), 3
        ),
        "engine_median_ms": round(1000 * statistics.median(engine_times), 2),
        "service_median_ms": round(1000 * statistics.median(service_times), 2),
        "latency_ratio": round(
            statistics.median(service_times) / statistics.median(engine_times), 3
        ),
    }


def _texts(data: Path, number: int) -> list[str]:
    files = sorted(data.glob("*/*.jsonl")) if data.is_dir() else [data]
    found = [line.report.text for file in files for line in read_reports(file) if line.report]
    if not found:
        raise FieldError("data", f"{data} holds no report", "name a JSONL file with id and text")
    step = max(1, len(found) // number)  # spread over files, so over languages
    chosen = found[::step]
    return (chosen * (number // len(chosen) + 1))[:number]


@contextmanager
def _service(model: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="farz-bench-") as folder:
        environment = {key: value for key, value in os.environ.items() if key[:5] != "FARZ_"}
        environment["FARZ_DATABASE_URL"] = f"sqlite:///{folder}/bench.db"
        process = subprocess.Popen(
            [sys.executable, "-m", "farz", "serve", "--model", str(model), "--port", str(port)],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes], limit: float = 60) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the service did not become ready in {limit:.0f} s")


def _post(port: int, path: str, body: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        _exchange(connection, path, body)
    finally:
        connection.close()


def _exchange(connection: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> None:
    data = json.dumps(body, ensure_ascii=False).encode()
    connection.request("POST", path, data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(f"the service answered {response.status}: {answer[:200]!r}")


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
