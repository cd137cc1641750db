from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.language import LanguageIdentifier, load_identifier, main_script, script_shares
from data.language.identify import read_identifier
from data.records import LANGUAGES, LabelledReport
from training.language import fit_language


@pytest.mark.parametrize(
    ("text", "code", "script"),
    [
        ("Quelqu'un a utilisé ma carte bancaire hier soir, que dois-je faire ?", "fr", "Latn"),
        ("لقد تعرضت لعملية احتيال عبر الإنترنت وأرجو منكم المساعدة", "ar", "Arab"),
        ("واحد السيد كيعيط ليا كل نهار وكيقول ليا غادي نفضحك", "ary", "Arab"),
        ("wa7d khona kay3iyet liya kol nhar w kaygol liya ghadi nfd7ek", "ary-Latn", "Latn"),
        ("Someone is using my photos on a fake profile and I want it gone", "en", "Latn"),
        ("Me han robado la cuenta y no sé cómo puedo recuperarla", "es", "Latn"),
        ("ⴰⵣⵓⵍ, ⵢⴰⵏ ⵓⵔⴳⴰⵣ ⵢⵓⴽⵔ ⵉⵢⵉ ⵜⵉⵍⵉⴼⵓⵏ", "zgh", "Tfng"),
        ("Кто-то взломал мой аккаунт, помогите", "und", "Cyrl"),
        ("我的账号被盗了", "und", "Hani"),
        ("12345 !!! 😀", "und", "Zyyy"),
    ],
)
def test_it_tells_the_languages_of_the_portal(text: str, code: str, script: str):
    (found,) = load_identifier().identify([text])
    assert (found.code, found.script) == (code, script)
    assert 0 < found.confidence <= 1


@pytest.mark.parametrize(
    "text", ["도와주세요 계정이 해킹당했어요", "ბანკის ანგარიში გამიტეხეს", "ช่วยด้วย"]
)
def test_a_script_that_farz_does_not_read_is_und_for_certain(text: str):
    (found,) = load_identifier().identify([text])
    assert (found.code, found.confidence) == ("und", 1.0)


def test_a_language_that_farz_does_not_read_is_und():
    found = load_identifier().identify(
        [
            "Jemand hat mein Konto gehackt und ich komme nicht mehr hinein, bitte helfen Sie mir",
            "Qualcuno ha rubato le mie foto e chiede soldi, cosa devo fare adesso",
        ]
    )
    assert [language.code for language in found] == ["und", "und"]


def test_no_text_gives_no_answer():
    assert load_identifier().identify([]) == []


def test_a_saved_identifier_answers_the_same(tmp_path: Path, records: list[LabelledReport]):
    fitted = fit_language(records)
    fitted.save(tmp_path / "x.safetensors")
    texts = [record.text for record in records]
    before, after = (
        fitted.identify(texts),
        read_identifier(tmp_path / "x.safetensors").identify(texts),
    )
    assert [a.code for a in before] == [a.code for a in after]
    assert np.allclose([a.confidence for a in before], [a.confidence for a in after], atol=0.01)
    assert [a.code for a in before] == [record.language for record in records]


def test_a_text_alone_is_identified_as_in_a_batch(records: list[LabelledReport]):
    identifier = load_identifier()
    texts = [record.text for record in records[::9]]
    together = identifier.identify(texts)
    alone = [identifier.identify([text])[0] for text in texts]
    assert [a.code for a in together] == [a.code for a in alone]
    assert np.allclose([a.confidence for a in together], [a.confidence for a in alone], atol=1e-5)


def test_the_shipped_identifier_knows_every_language():
    assert set(load_identifier().codes) == set(LANGUAGES)


def test_one_language_is_not_enough_to_fit(records: list[LabelledReport]):
    with pytest.raises(ValueError, match="at least two languages"):
        fit_language([r for r in records if r.language == "fr"])


def test_scripts_are_counted_by_letter():
    assert script_shares("abc دا 12") == {"Latn": 0.6, "Arab": 0.4}
    assert main_script("12 !") == "Zyyy"
    assert isinstance(load_identifier(), LanguageIdentifier)
