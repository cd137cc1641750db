"""The authored corpus keeps its own rules."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from data.agreement import agreement_block, read_readings
from data.check import CheckReport, check
from data.datasheet import counts_block, curve_block
from data.labelled import read_labelled
from data.records import LANGUAGES, LabelledReport
from data.targets import load_targets, shortfalls
from data.taxonomy import Taxonomy
from tests.conftest import ROOT, VALIDATION

READINGS = ROOT / "data" / "readings.jsonl"


@pytest.fixture(scope="module")
def corpus(taxonomy: Taxonomy) -> list[LabelledReport]:
    return read_labelled([ROOT / "data" / "corpus"], taxonomy)


@pytest.fixture(scope="module")
def kept_out(taxonomy: Taxonomy) -> list[LabelledReport]:
    return read_labelled([VALIDATION], taxonomy) if VALIDATION.is_dir() else []


@pytest.fixture(scope="module")
def report(
    corpus: list[LabelledReport], kept_out: list[LabelledReport], taxonomy: Taxonomy
) -> CheckReport:
    return check(corpus, taxonomy, against=kept_out)


def test_it_has_no_error(report: CheckReport):
    assert report.errors == []
    assert [w for w in report.warnings if w.startswith("evidence")] == []


def test_every_label_and_language_is_there(report: CheckReport):
    assert set(report.counts["language"]) == set(LANGUAGES)
    for kind in ("category", "priority", "flag"):
        assert all(report.counts[kind].values()), kind


def test_it_holds_what_it_promises(corpus: list[LabelledReport], taxonomy: Taxonomy):
    assert shortfalls(corpus, taxonomy, load_targets(ROOT / "data" / "targets.toml")) == []


def test_two_thirds_of_what_is_out_of_scope_sounds_serious(corpus: list[LabelledReport]):
    catalogue = [
        json.loads(line)
        for path in (ROOT / "data" / "scenarios").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    hard = {s["id"] for s in catalogue if "twin_of" in s or s.get("hard_negative")}
    others = [r for r in corpus if r.category == "other" and r.language != "und"]
    assert sum(r.scenario in hard for r in others) >= len(others) * 2 / 3


def test_every_flag_is_in_every_language(corpus: list[LabelledReport]):
    languages = defaultdict(set)
    for record in corpus:
        for flag in record.flags or ():
            languages[flag].add(record.language)
    assert all(found >= set(LANGUAGES) - {"und"} for found in languages.values())


def test_the_datasheet_says_what_is_there(corpus: list[LabelledReport], taxonomy: Taxonomy):
    sheet = (ROOT / "data" / "corpus" / "README.md").read_text(encoding="utf-8")
    assert counts_block(corpus, taxonomy) in sheet
    assert agreement_block(read_readings(READINGS), taxonomy) in sheet
    assert curve_block(ROOT / "evaluation" / "results" / "trials-curve.json") in sheet


def test_what_was_settled_is_what_the_corpus_says(corpus: list[LabelledReport]):
    known = {record.id: record for record in corpus}
    for reading in read_readings(READINGS):
        record = known[reading.id]
        said = (record.category, record.priority, frozenset(record.flags or ()))
        settled = reading.settled
        assert said == (settled.category, settled.priority, settled.flags), reading.id


def test_every_urgent_or_flagged_report_was_read_twice(corpus: list[LabelledReport]):
    read = {reading.id for reading in read_readings(READINGS)}
    urgent = {r.id for r in corpus if (r.flags or r.priority == "P1") and r.language != "und"}
    assert urgent <= read
    others = [r for r in corpus if r.id not in urgent and r.language != "und"]
    assert sum(r.id in read for r in others) > 0.08 * len(others)


def test_every_report_tells_a_situation_of_the_catalogue(corpus: list[LabelledReport]):
    known = {
        json.loads(line)["id"]
        for path in (ROOT / "data" / "scenarios").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    strange = {r.scenario for r in corpus if r.language != "und"} - known
    assert strange == set()
