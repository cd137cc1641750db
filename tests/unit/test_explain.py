from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from data.records import Report
from model.bundle import Parts
from model.explain import Answer, contributions, without, words_of
from model.scorer import Scorer

TEXT = "Il a menacé ma sœur, il vient ce soir avec un couteau chez nous"
FRAUD = {
    "fraud": Answer("category", "fraud"),
    "flag": Answer("flag:minor_involved", "minor_involved"),
}


def shown(text: str) -> list[str]:
    return [text[word.start : word.end] for word in words_of(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("il m'a écrit, hier!", ["il", "m'a", "écrit", "hier"]),
        ("d.a.e.c.h est là", ["d.a.e.c.h", "est", "là"]),
        ("راه t u e r moi", ["راه", "t u e r", "moi"]),
        ("bon\u200bjour 👍 ok", ["bon\u200bjour", "ok"]),
        ("wa7ed 3tani 200dh", ["wa7ed", "3tani", "200dh"]),
        ("", []),
        ("!!! 👍", []),
    ],
)
def test_words_are_whole_and_stand_where_the_citizen_wrote_them(text: str, words: list[str]):
    assert shown(text) == words


def test_taking_words_out_leaves_all_the_rest():
    words = words_of("un deux, trois")
    assert without("un deux, trois", [words[1]]) == "un , trois"
    assert without("un deux, trois", words) == " , "
    assert without("un", []) == "un"


def explained(parts: Parts, text: str, language: str = "fr", **options: int) -> dict[str, float]:
    found = contributions(parts.pipeline, parts.heads, text, language, FRAUD, **options)
    return {
        text[word.start : word.end]: float(value)
        for word, value in zip(found.words, found.values["fraud"], strict=True)
    }


def test_what_the_heads_learnt_is_what_tells(parts: Parts):
    told = explained(parts, "J'ai payé un canapé à une boutique qui a disparu, le chat dort")
    assert max(told, key=told.__getitem__) in ("payé", "canapé", "boutique", "disparu")
    assert told["dort"] < told["boutique"]


def test_of_words_alone_a_contribution_is_what_the_log_odds_lose(parts: Parts, scorer: Scorer):
    text = "J'ai payé un canapé à une boutique"
    told = explained(parts, text)

    def odds(text: str) -> float:
        p = scorer.score([Report(text)])[0].category.probabilities
        logs = np.log([p[code] for code in scorer.taxonomy.category_codes])
        place = scorer.taxonomy.category_codes.index("fraud")
        return float(logs[place] - np.delete(logs, place).mean())

    for word in ("canapé", "boutique", "une"):
        lost = odds(text) - odds(
            text.replace(word, "", 1) if word != "une" else text.replace("une ", " ")
        )
        assert told[word] == pytest.approx(lost, abs=2e-3), word


def test_the_encoder_is_asked_for_the_telling_words_alone(
    encoder_parts: Parts, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    embed = type(encoder_parts.pipeline.encoder).embed

    def counted(self: object, texts: Sequence[str]) -> object:
        asked.append(len(texts))
        return embed(self, texts)  # type: ignore[arg-type]

    monkeypatch.setattr(type(encoder_parts.pipeline.encoder), "embed", counted)
    few = explained(encoder_parts, TEXT, candidates=3)
    assert sum(asked) == 1 + 6 + 3
    every = explained(encoder_parts, TEXT, candidates=1000)
    assert few.keys() == every.keys()
    assert sum(few[word] == pytest.approx(every[word], abs=1e-4) for word in few) >= 3


def test_a_text_without_words_has_no_contribution(encoder_parts: Parts):
    found = contributions(encoder_parts.pipeline, encoder_parts.heads, "!!", "fr", FRAUD)
    assert found.words == ()
    assert found.values["fraud"].shape == (0,)
