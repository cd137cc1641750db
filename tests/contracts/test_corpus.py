"""The authored corpus keeps its own rules."""

from __future__ import annotations

from collections import defaultdict

import pytest

from data.check import CheckReport, check
from data.labelled import read_labelled
from data.records import LANGUAGES, LabelledReport
from data.taxonomy import Taxonomy
from tests.conftest import ROOT, VALIDATION


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


def test_it_is_no_template(report: CheckReport, kept_out: list[LabelledReport]):
    if not kept_out:
        pytest.skip("no validation set here to compare with")
    from data.check import distinct_trigrams

    # Rarefied: a larger set repeats itself more, so equal numbers of words are compared.
    assert report.distinct_trigrams > 0.8 * distinct_trigrams(r.text for r in kept_out)


def test_flags_are_not_bound_to_one_category_or_language(corpus: list[LabelledReport]):
    categories, languages = defaultdict(set), defaultdict(set)
    for record in corpus:
        for flag in record.flags or ():
            categories[flag].add(record.category)
            if record.language != "und":
                languages[flag].add(record.language)
    assert all(len(found) >= 4 for found in categories.values()), dict(categories)
    assert all(len(found) == len(LANGUAGES) - 1 for found in languages.values())


def test_the_datasheet_counts_what_is_there(corpus: list[LabelledReport], taxonomy: Taxonomy):
    from data.datasheet import counts_block

    sheet = (ROOT / "data" / "corpus" / "README.md").read_text(encoding="utf-8")
    assert counts_block(corpus, taxonomy) in sheet


def test_every_report_tells_a_situation_of_the_catalogue(corpus: list[LabelledReport]):
    import json

    known = {
        json.loads(line)["id"]
        for path in (ROOT / "data" / "scenarios").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    strange = {r.scenario for r in corpus if r.language != "und"} - known
    assert strange == set()
