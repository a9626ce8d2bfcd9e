"""What a holder is told of every payment that does not simply go on: for each ground and action, in two languages."""

from __future__ import annotations

from itertools import product

import pytest

from recoup.watch.decision import EARLY, WAITS, Action, Decision, Ground, remedy_of

UNTIL_US = 1_795_428_000_000_001
UNTIL = "2026-11-23T10:00:01Z"
ASKED = {
    Ground.INPUT: {Action.REFUSE},
    Ground.ORDER: {Action.HOLD, Action.REFUSE},
    Ground.RULE: set(Action) - {Action.ALLOW},
    Ground.MODEL: set(Action) - {Action.ALLOW},
    Ground.MEASURE: {Action.HOLD, Action.REFUSE},
}
"""What each ground can ask for. Where nothing was asked, and where scoring was late, a payment goes on."""
TOLD = [(ground, action) for ground, some in ASKED.items() for action in sorted(some)]
LANGUAGES = ("english", "chinese")


def made(ground: Ground, action: Action) -> Decision:
    return Decision("p-77", action, ground, (), UNTIL_US if action in WAITS else None)


@pytest.mark.parametrize(("ground", "action"), TOLD)
def test_whatever_does_not_simply_go_on_says_what_the_holder_can_do(ground, action):
    remedy = made(ground, action).remedy
    assert remedy is not None
    for language in LANGUAGES:
        said = getattr(remedy, language)
        assert said
        assert "{" not in said
        assert (UNTIL in said) == (action in WAITS), "what waits says until when, rounded up"
    assert any("一" <= one <= "鿿" for one in remedy.chinese)
    assert remedy.english.isascii()


@pytest.mark.parametrize("ground", [Ground.RULE, Ground.MODEL])
@pytest.mark.parametrize("action", sorted(ASKED[Ground.RULE]))
@pytest.mark.parametrize("language", LANGUAGES)
def test_against_a_rule_or_a_model_the_decision_has_a_number(ground, action, language):
    assert "p-77" in getattr(made(ground, action).remedy, language)


@pytest.mark.parametrize("ground", [Ground.ORDER, Ground.MEASURE])
def test_what_the_centre_orders_can_be_appealed_against_at_the_centre(ground):
    for action in ASKED[ground]:
        remedy = made(ground, action).remedy
        assert "appeal" in remedy.english
        assert "centre" in remedy.english
        assert "向中心" in remedy.chinese


@pytest.mark.parametrize(("ground", "action"), TOLD)
def test_that_a_payment_goes_on_by_itself_is_said_of_nothing_that_is_over(ground, action):
    said = made(ground, action).remedy.english
    is_over = "is over, and nothing has left" in said
    assert is_over == (action is Action.REFUSE and ground is not Ground.INPUT)
    assert ("goes on" in said) == (action in {*WAITS, Action.WARN})


def test_of_what_goes_on_nothing_is_said():
    assert [made(ground, Action.ALLOW).remedy for ground in Ground] == [None] * len(Ground)


def test_the_control_what_no_ground_asks_for_has_no_words():
    """A new ground or action without its sentences is found when it is first decided, not told as another."""
    told = {*TOLD, *product(Ground, [Action.ALLOW])}
    for ground, action in product(Ground, Action):
        if (ground, action) not in told:
            with pytest.raises(KeyError):
                _ = made(ground, action).remedy


def test_an_early_answer_promises_no_end_that_nobody_knows():
    remedy = remedy_of("p-77", Action.HOLD.name, EARLY, None)
    assert "until" not in remedy.english
    assert "p-77" in remedy.english
    assert "p-77" in remedy.chinese


def test_an_id_with_braces_is_told_as_it_is():
    assert "p-{until}{0}" in remedy_of("p-{until}{0}", "DELAY", "RULE", UNTIL_US).english
