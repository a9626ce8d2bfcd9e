"""Motions under random desks: nobody agrees with himself, nothing stale takes effect, two persons stand behind what does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from docket import PEOPLE, Docket, claim, lies

from recoup.cases import Found, Harm, Matter, Motion, Refusal, motions
from recoup.cases.commands import MakeMotion, NoteHarm, SettleMotion
from recoup.cases.entitlements import current
from recoup.cases.events import AccountSwapped, CaseJoined, MotionSettled, NoticeMoved, StoodLowered
from recoup.cases.state import MotionState, MotionTrigger

ACCOUNTS = ("a", "b")
STEPS = 60


def sight(case: Docket, motion: Motion) -> tuple[Any, ...]:
    """Return what a person who looks at the case sees of a motion, in another form than the digest's."""
    state, account = case.case, motion.account
    hold = state.standing(account, motion.currency)
    seen = hold and replace(hold, answered_at=None, makers=(), basis=None, stops_spent=0)
    is_joining = motion.matter is Matter.JOINING
    there = [x for x in state.places if x.account == account]
    amounts = Counter((x.claim, x.currency, x.found) for x in there)
    for row in there:
        amounts[row.claim, row.currency, row.found] += row.amount
    told = [x for x in state.notices if x.account == account] if is_deferral(motion) else []
    rest = (
        [x for x in state.caps if x.account == account],
        [x for x in state.harms if x.account == account],
        current(state).get((account, motion.currency), {}),
        [(x.state, x.due_at, x.amount, x.period) for x in told],
    )
    return (amounts, state.is_innocent(account)) + (() if is_joining else (seen, *rest))


def is_deferral(motion: Motion) -> bool:
    return motion.matter is Matter.DEFERRAL


class Desk:
    """One case to which something happens at every step."""

    def __init__(self, seed: int) -> None:
        self.chance, self.met = Random(seed), Counter[str]()
        self.case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 60))
        self.case.holds("a", 160)
        self.seen: dict[str, tuple[Any, ...]] = {}

    def step(self) -> None:
        self.case.wait(minutes=self.chance.randrange(600))
        getattr(self, self.chance.choice(("change", "make", "settle", "settle", "settle")))()

    def change(self) -> None:
        match self.chance.randrange(4):
            case 0:
                self.case.must(NoteHarm(Harm("a", "CNY", merchants=self.chance.randrange(3))))
            case 1:
                there = self.chance.randrange(1, 100)
                rest = lies("c1", "b", 100 - there, Found.UNKNOWN, hop=2)
                self.case.trace_again(lies("c1", "a", there), rest, lies("c2", "a", 60))
            case 2:
                asked = self.case.case.standing("a", "CNY").asked
                if asked:
                    self.case.hears("a", self.chance.randrange(1, asked + 1), "held_short")
            case _:
                self.case.confirms("a", self.chance.randrange(161))

    def make(self) -> None:
        number, matter = len(self.seen), self.chance.choice(list(Matter))
        made = {"by": self.chance.choice(PEOPLE), "account": self.chance.choice(ACCOUNTS)}
        until = self.case.now + timedelta(hours=self.chance.randrange(1, 30))
        amount = self.chance.randrange(1, 120)
        more: dict[str, Any] = {
            Matter.SURPLUS: {"amount": amount},
            Matter.HARDSHIP: {"amount": amount},
            Matter.CAP: {"amount": amount},
            Matter.SWAP: {"amount": amount, "offered": "z", "institution": "bank-z"},
            Matter.DEFERRAL: {"until": until},
            Matter.JOINING: {"other": f"case-{number}", "currency": ""},
        }[matter]
        motion = Motion(
            **(
                {"id": f"m{number}", "matter": matter, "currency": "CNY", "reason": "r"}
                | made
                | more
            )
        )
        if not isinstance(self.case.do(MakeMotion(motion)), Refusal):
            self.seen[motion.id] = sight(self.case, motion)
            self.met[f"made {matter}"] += 1

    def settle(self) -> None:
        if not self.case.case.motions:
            return
        motion = self.chance.choice(self.case.case.motions)
        by, trigger = self.chance.choice(PEOPLE), self.chance.choice(list(MotionTrigger))
        is_right = self.chance.random() < 0.8
        digest = motion.digest if is_right else "0" * 64
        before = self.case.case
        is_stale = sight(self.case, motion) != self.seen[motion.id]
        found = self.case.do(SettleMotion(motion.id, trigger, by, digest))
        if isinstance(found, Refusal):
            assert self.case.case is before, "a refusal changes nothing"
            self.met[f"refused {found.reason}"] += 1
            return
        assert motion.state is MotionState.PROPOSED, "a motion takes effect at most once"
        if trigger is MotionTrigger.WITHDRAW:
            assert by == motion.by, "taken back by another"
            return
        assert by != motion.by, "somebody agreed with himself"
        assert is_right, "another digest than what was proposed"
        if trigger is MotionTrigger.DISMISS:
            assert [type(x) for x in found] == [MotionSettled]
            return
        assert not is_stale, "something else was shown when it was proposed"
        effects = (StoodLowered, AccountSwapped, NoticeMoved, CaseJoined)
        for event in found:
            if isinstance(event, effects):
                assert event.persons == (motion.by, by)
                self.met[f"{type(event).__name__} of {motion.matter}"] += 1


def play(seeds: range) -> Counter[str]:
    met = Counter[str]()
    for seed in seeds:
        desk = Desk(seed)
        for _ in range(STEPS):
            desk.step()
        met += desk.met
    return met


def test_whatever_persons_try_two_of_them_stand_behind_what_takes_effect():
    met = play(range(60))
    print(dict(met))
    wanted = {
        "StoodLowered of hardship",
        "AccountSwapped of swap",
        "NoticeMoved of deferral",
        "CaseJoined of joining",
        "refused maker_decides",
        "refused maker_only",
        "refused digest_stale",
        "refused motion_settled",
    }
    assert not wanted - set(met), "a run that never met the hard case proves nothing"


def test_a_digest_that_never_goes_stale_is_found(monkeypatch):
    """Negative control."""
    monkeypatch.setattr(motions, "shown", lambda *_: "the same")
    with pytest.raises(AssertionError, match="something else was shown"):
        play(range(60))


def test_a_rule_that_lets_its_maker_agree_is_found(monkeypatch):
    """Negative control."""
    real = motions.settle_motion

    def careless(case, command, now, policy):
        motion = next((x for x in case.motions if x.id == command.motion), None)
        if motion is not None and motion.by == command.by:
            command = replace(command, by=command.by + "'")
        return real(case, command, now, policy)

    monkeypatch.setattr(motions, "settle_motion", careless)
    with pytest.raises(AssertionError, match="agreed with himself"):
        play(range(60))
