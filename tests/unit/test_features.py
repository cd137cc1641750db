from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from model.features import LexicalFeatures

TEXTS = ["Il vend une arme", "بغيت نسول على الوقت", "bghit nsewel 3la lwe9t", "il vend ce soir"]


@parametrize_with_checks([LexicalFeatures()])
def test_it_keeps_the_estimator_contract(estimator: LexicalFeatures, check):
    check(estimator)


def test_what_was_learnt_travels_as_plain_data():
    fitted = LexicalFeatures(min_df=1).fit(TEXTS)
    restored = LexicalFeatures(**fitted.get_params()).restore(fitted.state())
    before, after = fitted.transform([*TEXTS, "autre"]), restored.transform([*TEXTS, "autre"])
    assert np.allclose(before.toarray(), after.toarray())
    assert before.dtype == np.float32
    assert list(fitted.get_feature_names_out()) == list(restored.get_feature_names_out())


def test_both_spellings_of_darija_share_features():
    fitted = LexicalFeatures(min_df=1, word_ngrams=0, character_ngrams=0, skeleton_ngrams=1).fit(
        TEXTS
    )
    arabic, latin = fitted.transform([TEXTS[1], TEXTS[2]]).toarray()
    assert arabic @ latin > 0.5


def test_a_block_can_be_left_out():
    words = LexicalFeatures(min_df=1, character_ngrams=0).fit(TEXTS)
    assert all(name.startswith("word:") for name in words.get_feature_names_out())


def test_case_and_accents_make_no_difference():
    fitted = LexicalFeatures(min_df=1).fit(["Élève menacé", "autre"])
    first, second = fitted.transform(["Élève menacé", "ELEVE MENACE"]).toarray()
    assert np.allclose(first, second)


def test_one_string_is_no_list_of_texts():
    with pytest.raises(ValueError, match="give a list of texts"):
        LexicalFeatures().fit("un texte")
