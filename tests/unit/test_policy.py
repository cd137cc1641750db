from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.errors import FieldError
from data.records import Report
from data.taxonomy import Taxonomy, parse_taxonomy
from model.policy import LANGUAGES, Evidence, hours_old, load_policy, parse_policy

NOW = datetime(2024, 10, 11, 12, tzinfo=UTC)
TEXTS = dict.fromkeys(LANGUAGES, "Why.")
LEVELS = ("P1", "P2", "P3", "P4")


def raised(level: str, category: str, *, text: str = "", **known: object) -> tuple[str, set[str]]:
    """The level after the shipped table, and the codes of its reasons."""
    policy = load_policy()
    evidence = Evidence(category, known.pop("flags", {}), policy.signs_in([text]), **known)
    after, reasons = policy.judge(level, LEVELS, evidence)
    return after, {reason.code for reason in reasons}


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        ("weapon", "Il a un COUTEAU dans son sac"),
        ("weapon", "هدد خويا بالسكين"),
        ("weapon", "3ndo wahed jenwi f jibo"),
        ("weapon", "tiene una pistola"),
        ("weapon", "c o u t e a u"),
        ("deadline", "je dois payer avant minuit"),
        ("deadline", "he gave me 24 hours to pay"),
        ("deadline", "عطاني 24 ساعة باش نخلص"),
        ("deadline", "khasni nkhles 9bel ghda"),
        ("deadline", "dentro de 2 horas lo publica"),
        ("recent", "j'ai viré l'argent hier"),
        ("recent", "حولت ليه الفلوس لبارح"),
        ("recent", "I paid two days ago"),
        ("recent", "pagué anoche"),
        ("self_harm", "elle dit qu'elle va se suicider"),
        ("self_harm", "كتقول بغات تقتل راسها"),
        ("self_harm", "quiere quitarse la vida"),
    ],
)
def test_signs_are_read_in_every_language_and_disguise(sign: str, text: str):
    assert sign in load_policy().signs_in([text])


@pytest.mark.parametrize(
    "text",
    [
        "les cahiers de mon fils",
        "l'armement de la police dans un film",
        "ce soir-là il est parti",
        "il a dit dans 72 heures",
        "الليلة الماضية تفرجت فالكورة",
        "",
    ],
)
def test_what_only_looks_like_a_sign_is_none(text: str):
    assert not load_policy().signs_in([text]) - {"recent"}


def test_a_priority_is_raised_and_never_lowered():
    assert raised("P3", "other", flags={"imminent_danger": 0.9}) == ("P1", {"imminent_danger"})
    assert raised("P1", "fraud", text="hier") == ("P1", {"recent_transfer_words"})
    assert raised("P3", "fraud", text="hier")[0] == "P2"
    assert raised("P3", "insult_defamation", text="hier") == ("P3", set())
    assert raised("P4", "other", flags={"imminent_danger": 0.1}) == ("P4", set())


def test_words_count_only_with_the_matter_they_belong_to():
    text = "il viendra ce soir avec un couteau"
    assert raised("P3", "violence_threats", text=text) == ("P1", {"attack_soon", "armed_threat"})
    assert raised("P3", "sexual_blackmail", text="avant minuit") == ("P2", {"deadline"})
    assert raised("P4", "other", text=text) == ("P4", set())


@pytest.mark.parametrize(
    ("hours", "level"), [(0, "P2"), (72, "P2"), (72.1, "P3"), (None, "P3"), (-1, "P2")]
)
def test_money_that_left_within_three_days_may_still_be_stopped(hours: float | None, level: str):
    occurred = None if hours is None else NOW - timedelta(hours=hours)
    report = Report("x", submitted_at=NOW, occurred_at=occurred)
    assert raised("P3", "fraud", hours=hours_old(report))[0] == level


def test_times_with_and_without_a_zone_can_be_compared():
    report = Report("x", submitted_at=NOW, occurred_at=datetime(2024, 10, 10, 12))
    assert 0 < (hours_old(report) or 0) < 48


def test_every_rule_is_of_our_taxonomy_and_speaks_four_languages(taxonomy: Taxonomy):
    policy = load_policy()
    assert policy.only(taxonomy).rules == policy.rules
    for rule in policy.rules:
        assert set(rule.texts) == set(LANGUAGES)
        assert len({*rule.texts.values()}) == len(LANGUAGES), rule.code
    assert len({rule.code for rule in policy.rules}) == len(policy.rules)


def test_another_taxonomy_keeps_only_the_rules_it_can_follow():
    other = parse_taxonomy(
        {
            "categories": [{"code": "fraud"}, {"code": "noise"}],
            "priorities": [{"code": "P1"}, {"code": "P2"}],
        }
    )
    kept = {rule.code for rule in load_policy().only(other).rules}
    assert kept == {"recent_transfer", "recent_transfer_words"}
    bare = parse_taxonomy({"categories": [{"code": "a"}, {"code": "b"}]})
    assert not load_policy().only(bare).rules


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"code": "a", "raise_to": "P1", "texts": TEXTS, "wen": 1}, "'wen' is no key"),
        ({"code": "a", "raise_to": "P1", "texts": {"fr": "x"}}, "no sentence in ar"),
        ({"raise_to": "P1", "texts": TEXTS}, "no code or no level"),
        ({"code": "a", "raise_to": "P1", "texts": TEXTS, "sign": "x"}, "'x' is no sign"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rule: dict[str, object], said: str):
    with pytest.raises(FieldError, match=said):
        parse_policy({"rules": [rule]})
