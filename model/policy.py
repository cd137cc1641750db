"""The policy table: what raises a report's priority, beyond the model's own word."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from data.errors import FieldError, shown
from data.normalisation import fold, normalise
from data.records import Report
from data.taxonomy import Taxonomy
from model.score import Reason

LANGUAGES = ("fr", "ar", "en", "es")
"""Of the sentences shown to reviewers."""

_KEYS = {"code", "raise_to", "flag", "at_least", "sign", "hours", "categories", "texts"}
_KEYS |= {"unless_categories"}
_NUMBER = r"(?:[1-9]|[1-3]\d|4[0-8])"
_PROCLITICS = "[وفبلك]?(?:ال)?"


@dataclass(frozen=True)
class Rule:
    """One line of the table; what it does not name does not matter.

    :param code: Stable identifier.
    :param raise_to: The priority becomes at least this.
    :param texts: A sentence for the reviewer, by language.
    :param flag: A flag that must be probable.
    :param at_least: How probable.
    :param sign: A sign that must stand in the text.
    :param hours: How old the matter may be, by the report's own times.
    :param categories: Of which the proposed category must be one; empty for any.
    :param unless_categories: Of which it must be none.
    """

    code: str
    raise_to: str
    texts: Mapping[str, str]
    flag: str | None = None
    at_least: float = 0.7
    sign: str | None = None
    hours: float | None = None
    categories: tuple[str, ...] = ()
    unless_categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What the rules look at.

    :param category: The proposed category.
    :param flags: Probability by flag.
    :param signs: Codes of the signs that the text holds.
    :param hours: Age of the matter when it was reported; None where the report does not say.
    """

    category: str
    flags: Mapping[str, float]
    signs: frozenset[str] = frozenset()
    hours: float | None = None


@dataclass(frozen=True)
class Policy:
    """The table.

    :param rules: Its lines, in order.
    :param signs: Pattern over normalised and folded text, by code.
    :param urgent: What is said where the first level is given for being possible, not likely.
    """

    rules: tuple[Rule, ...] = ()
    signs: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    urgent: Reason | None = None

    def signs_in(self, texts: Iterable[str]) -> frozenset[str]:
        """Find the signs that texts hold.

        :param texts: Original texts.
        :return: Codes of the signs.
        """
        folded = [fold(normalise(text).text) for text in texts]
        return frozenset(
            code
            for code, pattern in self.signs.items()
            if any(pattern.search(text) for text in folded)
        )

    def reasons(self, evidence: Evidence) -> list[tuple[Rule, Reason]]:
        """Give the rules that hold, in the table's order, with their sentences."""
        return [
            (rule, Reason(rule.code, rule.texts["en"], dict(rule.texts)))
            for rule in self.rules
            if _holds(rule, evidence)
        ]

    def judge(
        self, level: str, levels: Sequence[str], evidence: Evidence
    ) -> tuple[str, tuple[Reason, ...]]:
        """Raise a priority as far as the rules that hold demand.

        :param level: The model's own.
        :param levels: All of them, the most urgent first.
        :param evidence: What the rules look at.
        :return: The level, never less urgent, and why.
        """
        held = self.reasons(evidence)
        raised = min([level, *(rule.raise_to for rule, _ in held)], key=levels.index)
        return raised, tuple(reason for _, reason in held)

    def only(self, taxonomy: Taxonomy) -> Policy:
        """Leave out rules that name a category, flag or level that a taxonomy does not have."""
        categories, flags = set(taxonomy.category_codes), set(taxonomy.flag_codes)
        return Policy(
            tuple(
                rule
                for rule in self.rules
                if rule.raise_to in taxonomy.priority_codes
                and (rule.flag is None or rule.flag in flags)
                and categories.issuperset((*rule.categories, *rule.unless_categories))
            ),
            self.signs,
            self.urgent,
        )


NO_POLICY = Policy()


def hours_old(report: Report) -> float | None:
    """Give the hours between a matter and its report, where the report says both times."""
    if report.submitted_at is None or report.occurred_at is None:
        return None
    return (_aware(report.submitted_at) - _aware(report.occurred_at)).total_seconds() / 3600


@cache
def load_policy() -> Policy:
    """Read the table that ships with Farz, once per process."""
    return parse_policy(tomllib.loads(files("model").joinpath("policy.toml").read_text("utf-8")))


def parse_policy(raw: Mapping[str, Any]) -> Policy:
    """Check and compile a table.

    :param raw: What the TOML file holds.
    :raises FieldError: If a rule has an unknown key, no sentence in one of the languages, or
        names a sign that the table does not have.
    """
    signs = {
        code: _pattern(phrase for phrases in by_language.values() for phrase in phrases)
        for code, by_language in raw.get("signs", {}).items()
    }
    rules = []
    for number, given in enumerate(raw.get("rules", ()), 1):
        where = f"rules[{number}]"
        unknown = sorted(set(given) - _KEYS)
        if unknown:
            raise FieldError(where, f"{shown(unknown[0])} is no key", f"use {sorted(_KEYS)}")
        _check_texts(where, given)
        if not given.get("raise_to"):
            raise FieldError(where, "has no code or no level", "see model/policy.toml")
        if given.get("sign") not in (None, *signs):
            raise FieldError(
                where, f"{shown(given['sign'])} is no sign", f"use one of {sorted(signs)}"
            )
        lists = {
            name: tuple(given[name])
            for name in ("categories", "unless_categories")
            if name in given
        }
        rules.append(Rule(**{**given, **lists}))
    urgent = raw.get("urgent")
    if urgent is not None:
        _check_texts("urgent", urgent)
        urgent = Reason(urgent["code"], urgent["texts"]["en"], dict(urgent["texts"]))
    return Policy(tuple(rules), signs, urgent)


def _check_texts(where: str, given: Mapping[str, Any]) -> None:
    missing = [code for code in LANGUAGES if not given.get("texts", {}).get(code)]
    if missing or not given.get("code"):
        what = f"no sentence in {missing[0]}" if missing else "no code or no level"
        raise FieldError(where, f"has {what}", "see model/policy.toml")


def _holds(rule: Rule, evidence: Evidence) -> bool:
    return (
        (rule.flag is None or evidence.flags.get(rule.flag, 0.0) >= rule.at_least)
        and (rule.sign is None or rule.sign in evidence.signs)
        and (rule.hours is None or (evidence.hours is not None and evidence.hours <= rule.hours))
        and (not rule.categories or evidence.category in rule.categories)
        and evidence.category not in rule.unless_categories
    )


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    ways = sorted({_phrase(phrase) for phrase in phrases}, key=len, reverse=True)
    # "ce soir-là" is long past.
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w|-la\b)")


def _phrase(phrase: str) -> str:
    words = []
    for word in phrase.split():
        if word == "#":
            words.append(_NUMBER)
            continue
        plain = re.escape(fold(normalise(word.removesuffix("*")).text))
        before = _PROCLITICS if "\u0600" <= plain[0] else ""
        words.append(before + plain + (r"\w*" if word.endswith("*") else ""))
    return r"\s+".join(words)


def _aware(time: datetime) -> datetime:
    """Read a time without a zone as the machine's own."""
    return time if time.tzinfo is not None else time.astimezone()
