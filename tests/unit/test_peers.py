from __future__ import annotations

import csv
import json
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from data.labelled import read_labelled
from data.normalisation import fold, normalise
from data.records import LabelledReport
from data.taxonomy import load_taxonomy
from evaluation.peers import benchmark as module
from evaluation.peers.benchmark import arguments, benchmark, measure
from evaluation.peers.contenders import CONTENDERS, Job
from evaluation.peers.own import PUBLIC_EPOCHS, public_config
from evaluation.peers.public import PUBLIC, read_public
from evaluation.peers.skip import Skip
from evaluation.peers.tasks import Task, own_task, public_task
from evaluation.peers.worker import environment, work
from evaluation.results_page import render
from model.bundle import Parts, save_bundle
from tests.conftest import ROOT
from training.config import load_config

WORDS = [f"{a}{b}{c}o" for a in ("br", "d", "fl", "g") for b in "aeiou" for c in "klmnprst"]


def told(number: int) -> str:
    """A text of nonsense like no other; every fourth offers a prize."""
    chosen = (WORDS[(number * 7 + k * 31 + number * k) % len(WORDS)] for k in range(4))
    kind = "gratis voucher won" if number % 4 == 0 else "supper with mother"
    return f"{' '.join(chosen)} {kind} {number}"


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A made-up copy of the public folder."""
    path = tmp_path / "public" / PUBLIC["sms_spam"].file
    path.parent.mkdir(parents=True)
    rows = [(told(n), "ham" if n % 4 else "spam") for n in range(len(WORDS))]
    # The same text again, in another case and spacing, and one that says nothing.
    rows += [(rows[1][0].upper().replace(" ", "  "), "ham"), ("  ", "ham")]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("labels", "text", "text_fr"))
        writer.writerows((label, text, "unread") for text, label in rows)
    return tmp_path / "public"


def given(tmp_path: Path, public: Path, **changes: object) -> Namespace:
    line = ["--data", "no", "--released", "no", "--validation", "no", "--public", str(public)]
    named = arguments([*line, "--out", str(tmp_path / "results" / "peers.json")])
    return Namespace(**{**vars(named), **changes})


def job_of(task: Task, contender: str, tmp_path: Path) -> Job:
    task.write(tmp_path / "task")
    (tmp_path / "work").mkdir()
    return Job(contender, tmp_path / "task", tmp_path / "work", seed=1)


def test_no_text_stands_twice_or_on_both_sides(public: Path):
    task = public_task("sms_spam", public, seed=3)
    sides = [{fold(normalise(r.text).text) for r in side} for side in (task.train, task.test)]
    assert not sides[0] & sides[1]
    assert len(task.train) + len(task.test) == len(WORDS)


def test_near_copies_stay_on_one_side(public: Path):
    path = public / PUBLIC["sms_spam"].file
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            ("ham", f"Grandmother knits a long woollen scarf for the cold winter, row {n}", "")
            for n in range(9)
        )
    task = public_task("sms_spam", public, seed=3)
    held = [sum("scarf" in r.text for r in side) for side in (task.train, task.test)]
    assert sorted(held) == [0, 9]


def test_sides_hold_the_same_shares_and_come_again_by_their_seed(public: Path):
    tasks = [public_task("sms_spam", public, seed) for seed in (3, 3, 4)]
    for task in tasks:
        assert task.labels == ("ham", "spam")
        assert len(task.test) == pytest.approx(len(WORDS) / 4, abs=2)
        assert sum(r.category == "spam" for r in task.test) == pytest.approx(10, abs=1)
    assert tasks[0] == tasks[1] != tasks[2]


def test_our_own_task_takes_the_bundles_training_side(
    parts: Parts, records: list[LabelledReport], tmp_path: Path
):
    ids = [r.id for r in records]
    sides = {"train": ids[:50], "dev": ids[50:60], "calibration": ids[60:80], "test": ids[80:]}
    save_bundle(replace(parts, splits=sides), tmp_path / "model")
    labels = parts.taxonomy.category_codes
    Task("own", "", labels, tuple(records), (), {}, taxonomy=parts.taxonomy).write(tmp_path / "all")
    corpus = tmp_path / "all" / "train.jsonl"
    other = tmp_path / "validation.jsonl"
    other.write_text(
        '{"id": "v", "text": "Nouveau texte", "category": "other", "lang": "fr"}\n'
        '{"id": "w", "text": "Nuovo testo", "category": "other", "lang": "und"}\n',
        encoding="utf-8",
    )
    task = own_task(corpus, other, tmp_path / "model")
    assert {r.id for r in task.train} == set(ids[:60])
    assert [r.id for r in task.test] == ["v"]
    assert (task.labels, task.corpus) == (labels, corpus)
    assert set(task.hashes) == {"train.jsonl", "validation.jsonl"}
    with pytest.raises(ValueError, match="holds 0 of the 60 records"):
        own_task(other, other, tmp_path / "model")
    with pytest.raises(Skip, match="no validation data"):
        own_task(corpus, tmp_path / "absent", tmp_path / "model")


def test_the_plain_baseline_learns_in_a_process_of_its_own(public: Path, tmp_path: Path):
    job = job_of(public_task("sms_spam", public, seed=3), "tfidf", tmp_path)
    source, target = tmp_path / "job.json", tmp_path / "result.json"
    source.write_text(json.dumps(job.plain()), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "evaluation.peers.worker", str(source), str(target)],
        check=True,
        cwd=ROOT,
        env=environment(),
    )
    result = json.loads(target.read_text(encoding="utf-8"))
    task = public_task("sms_spam", public, seed=3)
    assert result["predictions"] == [r.category for r in task.test]
    assert result["trained_on"] == len(task.train)
    assert min(result[k] for k in ("training_seconds", "texts_per_second", "megabytes")) > 0
    assert set(result["versions"]) == {"scikit-learn"}
    assert measure(task, result["predictions"])["overall"]["macro-F1"]["value"] == 1


@pytest.mark.parametrize("name", ["fasttext", "spacy", "setfit", "model2vec", "finetuned"])
def test_a_missing_library_is_said_with_what_installs_it(
    name: str, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("evaluation.peers.skip.find_spec", lambda _: None)
    job = job_of(public_task("sms_spam", public, seed=3), name, tmp_path)
    result = work(replace(job, encoder=tmp_path))
    assert list(result) == ["skipped"]
    extra = "train,finetune" if name == "finetuned" else "peers"
    assert result["skipped"].startswith(f"pip install 'farz[{extra}]' (no ")


def test_a_missing_encoder_is_said(public: Path, tmp_path: Path):
    job = job_of(public_task("sms_spam", public, seed=3), "frozen", tmp_path)
    assert work(job) == {
        "skipped": "no encoder folder: farz encoder fetch, farz encoder prepare",
    }


def test_farz_trains_on_a_public_task_by_its_command(public: Path, tmp_path: Path):
    task = public_task("sms_spam", public, seed=3)
    result = work(job_of(task, "lexical", tmp_path))
    assert measure(task, result["predictions"])["overall"]["accuracy"]["value"] > 0.8
    assert result["trained_on"] < len(task.train)
    assert "calibration is set apart" in result["note"]
    labels = load_taxonomy(tmp_path / "task" / "taxonomy.toml")
    assert len(read_labelled([tmp_path / "task" / "train.jsonl"], labels)) == len(task.train)


def test_a_public_run_holds_no_second_test_side(tmp_path: Path):
    for path in (ROOT / "training" / "recipes").glob("*.toml"):
        changed = tmp_path / path.name
        changed.write_text(public_config(path.read_text(encoding="utf-8")), encoding="utf-8")
        before, after = load_config(path), load_config(changed)
        assert after.split == replace(before.split, test=0.0)
        short = after.recipe == "finetuned"
        epochs = PUBLIC_EPOCHS if short else before.finetune.epochs
        assert after.finetune == replace(before.finetune, epochs=epochs)
        assert (after.recipe, after.seed, after.heads) == (before.recipe, before.seed, before.heads)


def test_what_is_absent_is_written_down_and_what_breaks_too(
    public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # An interpreter that does not find its own library.
    monkeypatch.setattr(module, "environment", lambda: {"PYTHONHOME": str(tmp_path)})
    said: list[str] = []
    report = benchmark(given(tmp_path, public, only=["tfidf"]), said.append)
    assert report["tasks"]["validation"]["skipped"] == "no corpus"
    assert report["tasks"]["mpold"]["skipped"] == f"no public data ({PUBLIC['mpold'].file})"
    assert report["tasks"]["sms_spam"]["results"] == {"tfidf": {"failed": "exit status 1"}}
    assert "mpold: skipped" in said[-1]
    page = render(tmp_path / "results")
    assert "| TF-IDF + logistic regression | failed: exit status 1 | – |" in page
    assert f"skipped: no public data ({PUBLIC['mpold'].file})" in page


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ran: list[str] = []

    def run(_task: Task, contender: str, *_: object) -> dict[str, object]:
        ran.append(contender)
        return {"failed": "exit status 1"} if contender == "fasttext" else {"made": len(ran)}

    monkeypatch.setattr(module, "run", run)
    named = {"only": ["tfidf", "fasttext"], "tasks": ["sms_spam"]}
    benchmark(given(tmp_path, public, **named))
    again = benchmark(given(tmp_path, public, **named))
    assert ran == ["tfidf", "fasttext", "fasttext"], "what failed is run again, nothing else"
    assert again["tasks"]["sms_spam"]["results"]["tfidf"] == {"made": 1}
    benchmark(given(tmp_path, public, **named, limit=9))
    assert ran[3:] == ["tfidf", "fasttext"], "another run's figures were taken over"


def test_the_page_shows_every_contender(tmp_path: Path):
    figure = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    result = {
        "overall": {"macro-F1": figure, "accuracy": figure},
        "by_language": {"fr": figure, "zgh": {**figure, "n": 3}},
        "training_seconds": 61.04,
        "texts_per_second": 1234.5,
        "megabytes": 2.04,
        "trained_on": 90,
        "versions": {},
        "note": "as released",
    }
    done = {
        "code": "0123456789abcdef",
        "seed": 1,
        "machine": "some processor, 2 cores",
        "threads": 2,
        "limit": None,
        "contenders": {name: contender.title for name, contender in CONTENDERS.items()},
        "tasks": {
            "validation": {
                "title": "Ours",
                "train": 90,
                "test": 8,
                "results": {"tfidf": {**result, "note": ""}, "spacy": {"skipped": "pip install x"}},
            }
        },
    }
    done["tasks"]["validation"]["results"]["finetuned"] = result  # type: ignore[index]
    assert "otherwise pick" not in render(tmp_path)
    (tmp_path / "peers.json").write_text(json.dumps(done), encoding="utf-8")
    page = render(tmp_path)
    cells = "0.500 [0.250, 0.750] n 8 | 0.500 [0.250, 0.750] n 8 | 90 | 61.0 s | 1234 | 2.0 |"
    assert f"| TF-IDF + logistic regression | {cells}" in page
    assert "| spaCy textcat | skipped: pip install x | – | – | – | – | – |" in page
    assert "| macro-F1 by language | fr n 8 | zgh n 3 |" in page
    assert "- Farz, finetuned: as released" in page
    assert page.index("TF-IDF") < page.index("Farz, finetuned")


def test_the_public_data_are_read_where_they_lie():
    folder = ROOT.parent / "shared" / "data" / "public"
    if not (folder / PUBLIC["sms_spam"].file).exists():
        pytest.skip("no public data beside the project")
    records = read_public("sms_spam", folder)
    assert {r.category for r in records} == {"ham", "spam"}
    assert len({r.text for r in records}) == len(records) > 4000
