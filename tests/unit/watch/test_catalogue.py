"""The catalogue of features says each thing once, in English and in Chinese, and reasons say it with side and window."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from recoup.watch.features import FEATURES, Cost, Feature, Side, Unit
from recoup.watch.model import meaning_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_feature_says_what_it_means_in_chinese() -> None:
    assert not [feature.name for feature in FEATURES if not CHINESE.search(feature.meaning_zh)]


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_no_two_features_are_said_alike(language: str) -> None:
    said = Counter(getattr(meaning_of(feature), language) for feature in FEATURES)
    assert not [words for words, times in said.items() if times > 1]


def test_words_of_both_languages_name_the_same_direction_and_side() -> None:
    for feature in FEATURES:
        if feature.side in {Side.PAYER, Side.PAYEE}:
            for name, words in (("_out_count", "转出笔数"), ("_in_sum", "转入金额合计")):
                starts = feature.name.startswith(f"{feature.side}{name}_")
                is_said = feature.meaning_zh == words
                assert starts == is_said, feature.name
        side = {"payer": "付款方：", "payee": "收款方："}.get(feature.side)
        assert side is None or meaning_of(feature).chinese.startswith(side)


def test_a_feature_that_nobody_has_put_into_chinese_says_its_english_words() -> None:
    """Negative control: what is not translated is seen."""
    own = Feature("payer_shoe_size", "size of shoes", Unit.COUNT, None, Side.PAYER, Cost.RECORD)
    assert own.meaning_zh == "size of shoes"
    assert not CHINESE.search(own.meaning_zh)
