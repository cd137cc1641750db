from __future__ import annotations

import pytest

from data.records import Report
from model.explanation import explain
from model.scorer import Scorer

THREAT = "Il dit qu'il vient ce soir avec un couteau chez ma soeur"


def shown(report: Report, scorer: Scorer, name: str) -> list[str]:
    parts = {"text": report.text}
    parts |= {f"quoted_content[{n}]": text for n, text in enumerate(report.quoted_content)}
    return [
        parts[word.part][word.start : word.end]
        for word in explain(scorer, report).answers[name]
        if word.contribution > 0
    ]


def test_the_category_the_priority_and_every_raised_flag_are_explained(scorer: Scorer):
    report = Report(THREAT)
    found = explain(scorer, report)
    raised = {f"flag:{code}" for code, flag in found.score.flags.items() if flag.raised}
    assert set(found.answers) == {"category", "priority", *raised}
    assert "flag:imminent_danger" in raised
    assert {"couteau", "soir"} & {*shown(report, scorer, "flag:imminent_danger")[:4]}
    assert found.score == scorer.score([report])[0]


def test_in_a_long_report_the_words_of_the_telling_window_are_shown(scorer: Scorer):
    calm = "Bonjour, quels sont vos horaires d'ouverture le samedi. " * 40
    report = Report(calm + (THREAT + ". ") * 20)
    words = explain(scorer, report).answers["flag:imminent_danger"]
    last = max(words, key=lambda word: word.contribution)
    assert last.start >= len(calm)
    assert report.text[last.start : last.end] in THREAT


def test_words_of_a_quoted_message_are_shown_in_it(scorer: Scorer):
    report = Report("Voici ce qu'il m'a écrit", quoted_content=("ok", THREAT))
    words = explain(scorer, report).answers["flag:imminent_danger"]
    assert {word.part for word in words} == {"quoted_content[1]"}
    assert "couteau" in shown(report, scorer, "flag:imminent_danger")


@pytest.mark.parametrize("text", ["!", "👍👍", "\u200b."])
def test_a_report_without_words_is_explained_by_none(scorer: Scorer, text: str):
    assert explain(scorer, Report(text)).answers["category"] == ()


def test_the_plain_form_says_how_offsets_count(scorer: Scorer):
    report = Report("👍 " + THREAT)
    plain = explain(scorer, report).as_dict()
    assert plain["offsets"] == "code points"
    first = plain["answers"]["category"][0]
    assert (
        report.text[first["start"] : first["end"]].strip()
        == report.text[first["start"] : first["end"]]
    )
    assert plain["model"]["version"] == scorer.version
    assert all(reason["texts"].keys() == {"fr", "ar", "en", "es"} for reason in plain["reasons"])


def test_the_priority_is_explained_where_it_was_decided(scorer: Scorer):
    calm = "Bonjour, quels sont vos horaires d'ouverture le samedi"
    for report in (Report(calm, quoted_content=(THREAT,)), Report(THREAT, quoted_content=(calm,))):
        found = explain(scorer, report)
        assert found.score.priority is not None and found.score.priority.level == "P1"
        part = "text" if report.text == THREAT else "quoted_content[0]"
        assert {word.part for word in found.answers["priority"]} == {part}
