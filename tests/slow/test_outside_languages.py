"""Language identification on other people's texts, where they are at hand.

Floors stand below what was measured (in the message of a failure), so that a change that harms
shows: the encyclopaedic Darija of ``seed`` is close to Standard Arabic, and the Arabizi of
``narabizi_ud`` is Algerian.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from data.language import load_identifier
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
PUBLIC = ROOT.parent / "shared" / "data" / "public"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def messages(column: str) -> list[str]:
    with (PUBLIC / "sms_spam" / "sms_en_fr.csv").open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file) if len(row[column]) > 60]


def arabizi() -> list[str]:
    path = PUBLIC / "narabizi_ud" / "qaf_arabizi-ud-train.conllu"
    marked = [line for line in lines(path) if line.startswith("# text = ")]
    return [line.removeprefix("# text = ") for line in marked]


SOURCES = {
    "zgh": (lambda: lines(PUBLIC / "seed" / "zgh_Tfng.txt"), {"zgh"}, 0.99),
    "ary": (lambda: lines(PUBLIC / "seed" / "ary_Arab.txt"), {"ary", "ar"}, 0.95),
    "ary-Latn": (arabizi, {"ary-Latn", "mul"}, 0.80),
    "en": (lambda: messages("text"), {"en"}, 0.93),
    "fr": (lambda: messages("text_fr"), {"fr"}, 0.93),
    "de": (lambda: messages("text_de"), {"und"}, 0.93),
}


@pytest.mark.parametrize("code", SOURCES)
def test_languages_of_other_sources_are_told(code: str):
    if not PUBLIC.is_dir():
        pytest.skip("the public data sets are not at hand")
    read, accepted, floor = SOURCES[code]
    texts = read()[::7][:400]
    found = Counter(language.code for language in load_identifier().identify(texts))
    share = sum(found[name] for name in accepted) / len(texts)
    assert share >= floor, f"{code}: {share:.3f} of {len(texts)}, {dict(found)}"
