"""How a model must behave, whatever it learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from data.language.identify import Language
from data.records import LabelledReport, Report
from model.scorer import Scorer
from model.windows import WINDOW_WORDS, windows

THREAT = "Il dit qu'il vient ce soir avec un couteau chez ma soeur"
CALM = "Bonjour, quels sont vos horaires d'ouverture le samedi"


def labels(scorer: Scorer, *texts: str) -> list[str]:
    return [score.category.label for score in scorer.score([Report(text) for text in texts])]


def test_what_was_learnt_by_heart_is_known_after_saving_and_loading(
    scorer: Scorer, records: list[LabelledReport]
):
    scores = scorer.score([Report(r.text) for r in records])
    assert [s.category.label for s in scores] == [r.category for r in records]
    for score, record in zip(scores, records, strict=True):
        assert score.priority is not None and record.priority is not None
        own = score.priority.probabilities
        assert max(own, key=lambda level: own[level]) == record.priority
        # The policy table raises some of them, and lowers none.
        assert score.priority.level <= record.priority
        assert record.flags is not None
        assert set(record.flags) <= {code for code, flag in score.flags.items() if flag.raised}


def test_a_report_scores_alone_as_in_any_batch(scorer: Scorer, records: list[LabelledReport]):
    reports = [Report(r.text) for r in records[::7]] + [Report("x" * 3000), Report(CALM * 90)]
    together = scorer.score(reports)
    alone = [scorer.score([report])[0] for report in reports]
    backwards = scorer.score(reports[::-1])[::-1]
    for one, two, three in zip(together, alone, backwards, strict=True):
        for other in (two, three):
            assert np.allclose(
                list(one.category.probabilities.values()),
                list(other.category.probabilities.values()),
                atol=1e-6,
            )
            assert one.language.code == other.language.code


def test_no_report_gives_no_score(scorer: Scorer):
    assert scorer.score([]) == []


def test_a_threat_in_the_last_line_of_a_long_report_counts(scorer: Scorer):
    preamble = "Nous avons parlé de la pluie, du marché et du prix des oranges. " * 120
    calm, serious = scorer.score([Report(preamble), Report(preamble + THREAT)])
    assert (
        serious.flags["imminent_danger"].probability > 3 * calm.flags["imminent_danger"].probability
    )
    assert serious.priority is not None and calm.priority is not None
    assert serious.priority.probabilities["P1"] > 3 * calm.priority.probabilities["P1"]
    assert serious.truncated is False


@pytest.mark.parametrize(
    "disguise",
    [
        lambda t: t.upper(),
        lambda t: t.replace("couteau", "c.o.u.t.e.a.u"),
        lambda t: t.replace("couteau", "c o u t e a u"),
        lambda t: t.replace("couteau", "c0ute@u"),
        lambda t: t.replace("o", "о").replace("e", "е"),  # Cyrillic
        lambda t: "\u200b".join(t),
        lambda t: t.replace("soir", "soiiiiiir"),
        lambda t: f"\u202e{t}\u202c",
    ],
)
def test_a_disguise_changes_nothing(scorer: Scorer, disguise):
    plain, hidden = scorer.score([Report(THREAT), Report(disguise(THREAT))])
    assert hidden.category.label == plain.category.label
    for code, flag in plain.flags.items():
        assert hidden.flags[code].probability == pytest.approx(flag.probability, abs=0.02)


def test_a_text_of_unknown_words_says_so(scorer: Scorer):
    (score,) = scorer.score([Report("☃ ⅋ ☃ ☃")])
    assert "no_known_words" in score.manual_triage_reasons
    assert sum(score.category.probabilities.values()) == pytest.approx(1)


def test_a_declared_language_is_believed_only_where_the_text_does_not_tell(scorer: Scorer):
    class Unsure:
        def identify(self, texts: list[str]) -> list[Language]:
            return [Language("en", "Latn", 0.9 if "samedi" in t else 0.49) for t in texts]

    unsure = replace(scorer, languages=Unsure())
    calm_at_length = "Nous parlons de la pluie et du marché"
    told, untold, short = unsure.score(
        [Report(t, language="es") for t in (CALM, calm_at_length, "samedi, 14 h")]
    )
    assert told.language.code == "en"
    assert (untold.language.code, untold.language.confidence) == ("es", 0.49)
    assert short.language.code == "es", "seven letters show no language"


@pytest.mark.parametrize("text", ["убью тебя", "他威胁要杀我"])
def test_a_short_report_in_an_unread_script_goes_to_a_human(scorer: Scorer, text: str):
    (score,) = scorer.score([Report(text, language="fr")])
    assert "unsupported_language" in score.manual_triage_reasons


def test_a_phrase_at_the_edge_of_a_window_is_read_whole():
    filler = "mot " * (WINDOW_WORDS - 6)
    parts = windows(filler + THREAT + " mot" * WINDOW_WORDS)
    assert len(parts) > 1
    assert any(THREAT in part for part in parts)


def test_a_date_just_past_makes_a_fraud_recent(scorer: Scorer):
    text = "J'ai payé un canapé le 22/11/2026 à une boutique qui a disparu avec mon argent"
    sent = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    soon, late, unknown = scorer.score(
        [
            Report(text, submitted_at=sent),
            Report(text, submitted_at=sent.replace(month=12)),
            Report(text),
        ]
    )
    assert soon.category.label == "fraud"
    assert "recent_transfer_words" in {reason.code for reason in soon.priority.reasons}
    assert soon.priority.level in ("P1", "P2")
    for other in (late, unknown):
        assert "recent_transfer_words" not in {reason.code for reason in other.priority.reasons}
