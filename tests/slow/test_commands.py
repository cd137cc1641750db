"""The commands as a user types them, in processes of their own."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from data.records import LabelledReport
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def farz(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FARZ_")}
    return subprocess.run(
        [sys.executable, "-m", "farz", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**kept, "COLUMNS": "200", **environment},
        timeout=100,
    )


@pytest.fixture(scope="module")
def labelled(records: list[LabelledReport], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "labelled.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            # Enough situations of each category for all sides of a split.
            row = {
                "id": record.id,
                "lang": record.language,
                "text": record.text,
                "category": record.category,
                "priority": record.priority,
                "flags": record.flags,
                "scenario": record.id,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


@pytest.fixture
def small_recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text("[features]\nmin_df = 1\nmax_terms = 5000\n")
    return path


def test_train_then_evaluate_then_verify(labelled: Path, small_recipe: Path, tmp_path: Path):
    model, report = tmp_path / "model", tmp_path / "report"
    # Near-duplicates stay together in a split, and these are: train on distinct texts.
    done = farz(
        "train", "--data", ROOT / "data/corpus/en", "--config", small_recipe, "--out", model
    )
    assert done.returncode == 0, done.stderr
    splits = json.loads((model / "splits.json").read_text())
    assert splits["train"] and splits["calibration"] and splits["test"]
    provenance = json.loads((model / "provenance.json").read_text())
    assert set(provenance) >= {"data", "code", "packages", "machine", "configuration", "records"}
    assert farz("models", "verify", model).returncode == 0
    done = farz("evaluate", "--model", model, "--data", labelled, "--out", report)
    assert done.returncode == 0, done.stderr
    figures = json.loads((report / "report.json").read_text())
    assert set(figures["results"]) == {"shares only", figures["model"]["version"]}
    own = figures["results"][figures["model"]["version"]]
    assert own["overall"]["category macro-F1"]["n"] == figures["records"] == 88
    assert {"fr", "ary-Latn"} <= set(own["by"]["language"])
    page = (report / "report.html").read_text()
    assert page.count("<svg") >= 3
    assert "http://" not in page.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "")
    assert "<script" not in page


def test_score_answers_every_line_and_says_if_one_was_bad(bundle: Path, tmp_path: Path):
    lines = [json.dumps({"id": i, "text": f"On m'a volé mon compte {i}"}) for i in range(600)]
    lines[300] = '{"id": "bad", "text": ""}'
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    done = farz(
        "score",
        "--input",
        tmp_path / "in.jsonl",
        "--output",
        tmp_path / "out.jsonl",
        "--model",
        bundle,
    )
    assert done.returncode == 1
    assert "599 of 600 lines scored" in done.stderr
    rows = [json.loads(row) for row in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [*range(300), "bad", *range(301, 600)]
    assert "error" in rows[300]
    (tmp_path / "good.csv").write_text("id,text\n1,Bonjour\n")
    done = farz(
        "score",
        "--input",
        tmp_path / "good.csv",
        "--output",
        tmp_path / "out.csv",
        "--model",
        bundle,
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["1"]


def test_shares_of_recent_traffic_are_estimated_and_then_scored_with(
    bundle: Path, labelled: Path, tmp_path: Path
):
    shares, plain, other = tmp_path / "shares.json", tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    done = farz("shares", "--input", labelled, "--out", shares, "--model", bundle)
    assert done.returncode == 0, done.stderr
    estimated = json.loads(shares.read_text())
    assert sum(estimated.values()) == pytest.approx(1, abs=1e-4)
    estimated |= dict.fromkeys(estimated, 0.01) | {"fraud": 0.9}
    shares.write_text(json.dumps(estimated))
    for path, given in ((plain, ()), (other, ("--class-shares", shares))):
        done = farz("score", "--input", labelled, "--output", path, "--model", bundle, *given)
        assert done.returncode == 0, done.stderr
    fraud = [
        [
            json.loads(line)["category"]["probabilities"]["fraud"]
            for line in path.read_text(encoding="utf-8").strip().split("\n")
        ]
        for path in (plain, other)
    ]
    assert sum(fraud[1]) > sum(fraud[0])
    wrong = farz("score", "--input", labelled, "--output", plain, "--class-shares", "protal")
    assert wrong.returncode == 2
    assert "use trained or portal" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ("score", "--input", "x.txt", "--output", "y.jsonl", "--model", "{bundle}"),
            "suffix '.txt'",
        ),
        (
            ("score", "--input", "no.jsonl", "--output", "{tmp}/y.jsonl", "--model", "{bundle}"),
            "no.jsonl",
        ),
        (
            ("score", "--input", "x.jsonl", "--output", "y.jsonl", "--model", "{tmp}/none"),
            "manifest.json is missing",
        ),
        (
            (
                "score",
                "--input",
                "{tmp}/x.jsonl",
                "--output",
                "{tmp}/x.jsonl",
                "--model",
                "{bundle}",
            ),
            "is the input file",
        ),
        (("train", "--data", "{tmp}/none", "--out", "{tmp}/m"), "does not exist"),
        (("models", "verify", "{tmp}"), "manifest.json is missing"),
        (("serve", "--model", "{tmp}/none"), "manifest.json is missing"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    arguments: tuple[str, ...], named: str, bundle: Path, tmp_path: Path
):
    done = farz(*(a.format(bundle=bundle, tmp=tmp_path) for a in arguments))
    assert done.returncode == 2
    assert named in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_check_fails_on_a_set_unfit_for_training(labelled: Path, tmp_path: Path):
    done = farz("data", "check", "--data", labelled, "--out", tmp_path / "check.json")
    assert done.returncode == 1
    assert "near-duplicate" in done.stderr
    assert json.loads((tmp_path / "check.json").read_text())["errors"]


def test_serve_says_how_to_score_a_first_report_and_stops_cleanly(bundle: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "farz", "serve", "--model", str(bundle), "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "FARZ_DATABASE_URL": f"sqlite:///{tmp_path}/farz.db"},
    )
    assert process.stderr is not None
    try:
        said = ""
        deadline = time.monotonic() + 60
        while "curl" not in said and time.monotonic() < deadline:
            said += process.stderr.readline()
        body = said[said.index("-d '") + 4 : said.rindex("'")]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/score", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["id"] == "first-1"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM)


def test_serve_refuses_an_altered_bundle_by_file(bundle: Path, tmp_path: Path):
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    (copy / "heads.json").write_text("[]")
    done = farz("serve", "--model", copy, FARZ_DATABASE_URL=f"sqlite:///{tmp_path}/farz.db")
    assert done.returncode == 2
    assert "heads.json was altered" in done.stderr.replace("\n", "")


def test_serve_help_lists_every_setting():
    from serving.settings import Settings

    said = farz("serve", "--help").stdout
    for name in Settings.model_fields:
        assert f"FARZ_{name.upper()}" in said


def test_serve_outside_development_asks_for_a_key():
    done = farz("serve", FARZ_MODE="production")
    assert done.returncode == 2
    assert "FARZ_API_KEY" in done.stderr


def test_a_score_is_explained(bundle: Path):
    done = farz("explain", "Il dit qu'il vient ce soir avec un couteau", "--model", bundle)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)["answers"]
    assert {"category", "priority"} <= set(answers)
    assert "couteau" in done.stderr
    blank = farz("explain", " ", "--model", bundle)
    assert blank.returncode == 2
    assert "text" in blank.stderr
