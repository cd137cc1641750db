from __future__ import annotations

import pytest

from data.records import LabelledReport
from evaluation.behaviour import additions, behaviour, invariances
from evaluation.hatecheck import Case, hatecheck, read_cases
from model.scorer import Scorer


def report(text: str, language: str) -> LabelledReport:
    return LabelledReport("1", text, "other", language, "P4", (), "test", None)


@pytest.mark.parametrize(
    ("name", "language", "text", "changed"),
    [
        ("city", "fr", "Je vis à Rabat.", "Je vis à Fès."),
        ("city", "ar", "أسكن في فاس", "أسكن في مراكش"),
        ("platform", "en", "he wrote on WhatsApp", "he wrote on Facebook"),
        ("gender", "fr", "ma sœur et mon fils", "mon frère et ma fille"),
        ("gender", "ary-Latn", "khti w khouya", "khouya w khti"),
        ("politeness", "en", "x", "Dear Sir or Madam, x Thank you very much for your help."),
    ],
)
def test_a_change_leaves_the_meaning(name: str, language: str, text: str, changed: str):
    assert invariances()[name](report(text, language)) == changed


def test_a_report_with_nothing_to_change_is_left_out():
    for name, language in (("city", "fr"), ("gender", "zgh"), ("politeness", "zgh")):
        assert invariances()[name](report("rien", language)) is None
    assert invariances()["city"](report("Ratisbonne, Rabattage", "fr")) is None


def test_additions_are_told_in_every_language_that_has_the_others():
    languages = {frozenset(addition.sentences) for addition in additions()}
    assert languages == {frozenset({"fr", "ar", "ary", "ary-Latn", "en", "es"})}


def test_what_moves_is_counted(scorer: Scorer, records: list[LabelledReport]):
    found = behaviour(scorer, records)
    polite = found["invariance"]["politeness"]
    assert polite["n"] == sum(r.language not in ("zgh", "mul") for r in records)
    # A model of a few dozen texts is moved by courtesy: the figures must show it.
    assert 0 < polite["median"] <= polite["95th percentile"] <= 1
    risen = found["direction"]["despair"]
    assert risen["flag"] == "self_harm_risk"
    assert risen["n"] == sum(
        r.category in ("sexual_blackmail", "insult_defamation") and r.language != "mul"
        for r in records
    )


HATE = Case("en", "threat_dir_h", True, "I will come to your house tonight and kill your family")


def test_posts_are_right_or_wrong_by_their_class(scorer: Scorer):
    counter = Case("en", "counter_quote_nh", False, HATE.text)
    person = Case("en", "target_indiv_nh", False, HATE.text)
    found = hatecheck(scorer, [HATE, counter, person])
    one = found["class"]["threat_dir_h"]["value"]
    assert found["class"]["counter_quote_nh"]["value"] == 1 - one
    assert set(found["language"]) == {"en, hateful", "en, not hateful"}


def test_cases_are_read_where_they_lie(tmp_path):
    assert read_cases(tmp_path) == []
    (tmp_path / "hatecheck_en").mkdir()
    rows = "functionality,test_case,label_gold\nderog,a ,hateful\nident,b,non-hateful\n"
    (tmp_path / "hatecheck_en" / "test_suite_cases.csv").write_text(rows)
    assert read_cases(tmp_path) == [
        Case("en", "derog", True, "a"),
        Case("en", "ident", False, "b"),
    ]
    assert len(read_cases(tmp_path, every=2)) == 1
