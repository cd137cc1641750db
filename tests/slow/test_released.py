"""The released bundle: small, whole, steady, and the one that the results are of."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from data.labelled import read_labelled
from data.records import Report
from data.taxonomy import load_taxonomy
from evaluation.behaviour import behaviour
from model.bundle import load_scorer, verify_bundle
from model.scorer import Scorer
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
RELEASED = ROOT / "model" / "released"
RESULTS = ROOT / "evaluation" / "results"
MEBIBYTE = 2**20

# Without what an installation for serving alone does not have, and scikit-learn loads if it can.
# VmHWM and not ru_maxrss, which a child takes over from the process that started it.
MEASURE = """
import sys
for name in ("pandas", "pyarrow", "matplotlib", "datasets", "onnx"):
    sys.modules[name] = None
from pathlib import Path
from data.records import Report
from model.bundle import load_scorer
scorer = load_scorer(Path(sys.argv[1]))
reports = [Report(line.rstrip("\\n")) for line in open(sys.argv[2], encoding="utf-8")]
scorer.score(reports)
assert "torch" not in sys.modules
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024)
"""


@pytest.fixture(scope="module")
def released() -> Scorer:
    return load_scorer(RELEASED)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Reports of all languages and lengths, from the side that the model never saw."""
    _, contents = verify_bundle(RELEASED)
    test = set(json.loads(contents["splits.json"])["test"])
    records = read_labelled([ROOT / "data" / "corpus"], load_taxonomy())
    return [r.text for r in records if r.id in test][::3]


def test_it_is_small_enough_to_live_in_a_repository():
    assert sum(path.stat().st_size for path in RELEASED.iterdir()) <= 50 * MEBIBYTE


def test_a_text_scores_the_same_alone_and_in_any_batch(released: Scorer, texts: list[str]):
    some = [Report(text) for text in [*texts[:60], "ok", " ".join(texts[:30])]]
    together = released.score(some)
    for report, score in zip(some, together, strict=True):
        alone = released.score([report])[0]
        for one, other in (
            (score.category.probabilities, alone.category.probabilities),
            ({f: v.probability for f, v in score.flags.items()},
             {f: v.probability for f, v in alone.flags.items()}),
        ):  # fmt: skip
            apart = np.abs(np.array([*one.values()]) - np.array([*other.values()])).max()
            assert apart <= 0.02, report.text


def test_it_serves_in_little_memory(texts: list[str], tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("".join(" ".join(text.split()) + "\n" for text in texts[:256]), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(RELEASED), str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    # 450 is the aim; about 500 was seen.
    assert int(done.stdout) < 550, f"{done.stdout.strip()} MiB at its peak"


@pytest.mark.parametrize("name", ["validation", "test"])
def test_the_results_are_of_this_bundle(name: str):
    manifest, _ = verify_bundle(RELEASED)
    report = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert report["model"]["digest"] == manifest.digest


def test_the_plainest_reports_are_read_right(released: Scorer):
    told = {
        "J'ai payé 900 dh à une boutique sur Instagram, rien reçu, ils m'ont bloquée": "fraud",
        "Somebody hacked my Facebook account and changed the password": "system_intrusion",
        "wa7d kayhddni b tsawri l3aryanin w bgha 3000 dh wla ysifthom l dar": "sexual_blackmail",
        "Bonjour, quels sont vos horaires d'ouverture le samedi": "other",
        "شي واحد كيبيع القرقوبي قدام الليسي وكيعلن فتيليغرام": "illicit_trade",
    }
    scores = released.score([Report(text) for text in told])
    found = {text: score.category.label for text, score in zip(told, scores, strict=True)}
    assert found == told


def test_what_says_nothing_of_the_matter_moves_little_and_what_does_moves_it(released: Scorer):
    # The bounds are stated in docs/decisions.md; the figures of the release lie below them.
    _, contents = verify_bundle(RELEASED)
    test = set(json.loads(contents["splits.json"])["test"])
    records = [
        r for r in read_labelled([ROOT / "data" / "corpus"], load_taxonomy()) if r.id in test
    ]
    found = behaviour(released, records[::6])
    for name, told in found["invariance"].items():
        if told["n"] >= 20:
            assert told["category changed"] <= 0.15, name
            assert told["median"] <= 0.1, name
    assert found["invariance"]["politeness"]["n"] > 100
    for name, told in found["direction"].items():
        assert told["more probable"] >= 0.95, name
        assert told["raised after"] >= 0.9, name
        assert told["less urgent"] <= 0.1, name


def test_its_promises_can_be_shown_with_their_groups_of_languages():
    done = subprocess.run(
        [sys.executable, "-m", "farz", "models", "show", str(RELEASED)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    flags = json.loads(done.stdout)["flags"]
    assert {"ar", "ary"} in [set(group["languages"]) for group in flags["child_grooming"]["groups"]]
