"""The catalogue of features says each thing once, in English and in Chinese, and reasons say it with side and window."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from recoup.watch.features import FEATURES, Cost, Feature, Side, Unit
from recoup.watch.features.chinese import CHINESE, chinese_of
from recoup.watch.model import meaning_of
from recoup.watch.patterns import PATTERN_FEATURES
from recoup.watch.patterns.risk import risk_features

HAN = re.compile(r"[\u4e00-\u9fff]")
RISK = (*risk_features(Side.PAYER), *risk_features(Side.PAYEE))
EVERY = (*FEATURES, *PATTERN_FEATURES, *RISK)


def test_every_feature_says_what_it_means_in_chinese() -> None:
    assert not [one.name for one in EVERY if not HAN.search(one.meaning_zh)]


def test_no_chinese_words_are_left_that_no_feature_says() -> None:
    said = {chinese_of(feature.name, feature.side) for feature in EVERY}
    assert not [stem for stem, words in CHINESE.items() if words not in said]


@pytest.mark.parametrize(("language", "rows"), [("english", FEATURES), ("chinese", EVERY)])
def test_no_two_features_are_said_alike(language: str, rows: tuple[Feature, ...]) -> None:
    said = Counter(getattr(meaning_of(feature), language) for feature in rows)
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
    assert not HAN.search(own.meaning_zh)
