"""The tables of cases are total: every pair is a move or a named refusal, and each stands once."""

from __future__ import annotations

from itertools import product

import pytest

from recoup.care import escalation
from recoup.cases import state

TABLES = [
    (state.CLAIM_MOVES, state.CLAIM_REFUSALS, state.ClaimState, state.ClaimTrigger),
    (state.MANDATE_MOVES, state.MANDATE_REFUSALS, state.MandateState, state.MandateTrigger),
    (state.FINDING_MOVES, state.FINDING_REFUSALS, state.FindingState, state.FindingTrigger),
    (state.MOTION_MOVES, state.MOTION_REFUSALS, state.MotionState, state.MotionTrigger),
    (state.APPEAL_MOVES, state.APPEAL_REFUSALS, state.AppealState, state.AppealTrigger),
    (state.NOTICE_MOVES, state.NOTICE_REFUSALS, state.NoticeState, state.NoticeTrigger),
    (state.HANDOVER_MOVES, state.HANDOVER_REFUSALS, state.HandoverState, state.HandoverTrigger),
    (
        escalation.ESCALATION_MOVES,
        state.ESCALATION_REFUSALS,
        escalation.EscalationState,
        escalation.EscalationTrigger,
    ),
    (state.TASK_MOVES, state.TASK_REFUSALS, state.TaskState, state.TaskTrigger),
]


@pytest.mark.parametrize(("moves", "refusals", "states", "triggers"), TABLES)
def test_every_pair_is_a_move_or_a_refusal(moves, refusals, states, triggers):
    assert set(moves) | set(refusals) == set(product(states, triggers))
    assert not set(moves) & set(refusals)


@pytest.mark.parametrize(("moves", "_", "states", "__"), TABLES)
def test_every_state_can_be_reached(moves, _, states, __):
    reached = {next(iter(states))}
    for _step in states:
        reached |= {after for (before, _), after in moves.items() if before in reached}
    assert reached == set(states)


def test_a_claim_that_no_longer_stands_never_stands_again():
    assert not [pair for pair in state.CLAIM_MOVES if pair[0] not in state.LIVE_CLAIMS]
