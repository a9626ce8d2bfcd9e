"""The table of rights once more, by hand and in another form: rows of actions, a letter for each role. The tests' oracle.

Letters: o own, u unit, b unit and below, i own institution, A all, a dot for never.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from recoup.staff import Action, Role, Scope

_LETTERS = {
    ".": Scope.NONE,
    "o": Scope.OWN,
    "u": Scope.UNIT,
    "b": Scope.UNIT_AND_BELOW,
    "i": Scope.OWN_INSTITUTION,
    "A": Scope.ALL,
}
_ROLES = (
    "call_taker officer approver case_lead duty_officer bank_operator bank_approver"
    " regulator prosecutor court auditor administrator"
)
_GRID = """
                 ct of ap cl du bo ba re pr co au ad
report_take      u  u  .  u  u  .  .  .  .  .  .  .
case_read        u  u  b  u  u  .  .  .  A  A  A  .
worklist_read    u  u  b  u  u  .  .  .  .  .  .  .
account_enter    u  u  .  u  u  .  .  .  .  .  .  .
personal_read    .  u  b  u  u  i  i  .  A  A  .  .
order_draft      u  u  .  u  u  .  .  .  .  .  .  .
order_submit     o  o  .  u  u  .  .  .  .  .  .  .
order_issue      o  o  .  u  u  .  .  .  .  .  .  .
order_approve    .  .  b  .  .  .  .  .  .  .  .  .
order_send_back  .  .  b  .  .  .  .  .  .  .  .  .
order_withdraw   o  o  .  u  u  .  .  .  .  .  .  .
claim_settle     .  u  b  u  u  .  .  .  .  .  .  .
claim_withdraw   .  u  .  u  u  .  .  .  .  .  .  .
repaid_note      .  u  .  u  u  .  .  .  .  .  .  .
harm_note        .  u  .  u  u  .  .  .  .  .  .  .
mandate_propose  .  u  .  u  u  .  .  .  .  .  .  .
mandate_agree    .  .  b  .  .  .  .  .  .  .  .  .
mandate_revoke   .  u  b  u  u  .  .  .  .  .  .  .
finding_propose  .  u  .  u  u  .  .  .  .  .  .  .
finding_settle   .  .  b  .  .  .  .  .  .  .  .  .
motion_make      .  u  .  u  u  .  .  .  .  .  .  .
motion_settle    .  .  b  .  .  .  .  .  .  .  .  .
hardship_settle  .  .  b  u  u  .  .  .  .  .  .  .
opinion_note     .  u  .  u  u  i  i  .  .  .  .  .
appeal_file      u  u  .  u  u  i  i  .  .  .  .  .
appeal_settle    .  .  b  u  .  .  .  .  .  .  .  .
notice_send      .  u  .  u  u  i  i  .  .  .  .  .
foreign_note     .  u  .  u  u  .  .  .  .  .  .  .
text_read        .  u  b  u  u  .  .  .  A  A  .  .
order_read       u  u  b  u  u  .  .  .  A  A  A  .
inbox_read       .  .  .  .  .  i  i  .  .  .  .  .
paper_print      .  u  .  u  u  .  .  .  .  .  .  .
paper_hand_over  u  u  .  u  u  .  .  .  .  .  .  .
answer_type      u  u  .  u  u  .  .  .  .  .  .  .
answer_confirm   u  u  .  u  u  .  .  .  .  .  .  .
scan_read        u  u  b  u  u  .  .  .  A  A  .  .
figures_read     .  .  .  b  .  .  .  A  .  .  A  .
stream_read      .  u  b  u  u  .  .  .  .  .  A  .
staff_read       .  .  .  .  .  .  .  .  .  .  A  A
unit_add         .  .  .  .  .  .  .  .  .  .  .  A
person_add       .  .  .  .  .  .  .  .  .  .  .  A
person_suspend   .  .  .  .  .  .  .  .  .  .  .  A
enrolment_offer  .  .  .  .  .  .  .  .  .  .  .  A
role_grant       .  .  .  .  .  .  .  .  .  .  .  A
role_revoke      .  .  .  .  .  .  .  .  .  .  .  A
duty_read        u  u  b  u  u  .  .  .  .  .  A  A
duty_assign      .  .  .  u  u  .  .  .  .  .  .  .
acting_name      .  .  .  u  .  .  .  .  .  .  .  .
shift_hand_over  .  u  .  u  u  .  .  .  .  .  .  .
escalation_log   u  u  b  u  u  .  .  .  .  .  .  .
handover_offer   .  .  .  u  .  .  .  .  .  .  .  .
handover_settle  .  .  .  u  u  .  .  .  .  .  .  .
import           .  .  .  u  .  .  .  .  .  .  .  .
list_add         .  u  .  u  u  .  .  .  .  .  .  .
list_agree       .  .  b  .  .  .  .  .  .  .  .  .
list_withdraw    .  u  b  u  u  .  .  .  .  .  .  .
list_read        .  u  b  u  u  .  .  .  .  .  A  .
list_check       u  u  b  u  u  .  .  .  .  .  .  .
return_apply     u  u  .  u  u  .  .  .  .  .  .  .
return_check     .  u  .  u  u  .  .  .  .  .  .  .
return_prepare   .  u  .  u  u  .  .  .  .  .  .  .
return_approve   .  .  b  .  .  .  .  .  .  .  .  .
counter_serve    u  u  .  u  u  .  .  .  .  .  .  .
measure_propose  .  u  .  u  u  .  .  .  .  .  .  .
measure_agree    .  .  b  .  .  .  .  .  .  .  .  .
measure_lift     .  .  b  u  .  .  .  .  .  .  .  .
measure_confirm  .  u  .  u  u  i  i  .  .  .  .  .
holder_verify    .  u  .  u  u  i  i  .  .  .  .  .
measure_read     .  u  b  u  u  i  i  .  .  .  A  .
lead_take        u  u  .  u  u  i  i  .  .  .  .  .
dissuade         u  u  .  u  u  i  i  .  .  .  .  .
dissuasion_read  u  u  b  u  u  i  i  .  .  .  A  .
appeal_read      .  u  b  u  u  i  i  .  .  .  A  .
"""


@cache
def expected() -> Mapping[tuple[Role, Action], Scope]:
    """Return the whole grid, read once: some ten thousand tests ask for a cell of it."""
    roles = [Role(name) for name in _ROLES.split()]
    rows = [line.split() for line in _GRID.strip().splitlines()[1:]]
    return MappingProxyType(
        {
            (role, Action(row[0])): _LETTERS[letter]
            for row in rows
            for role, letter in zip(roles, row[1:], strict=True)
        }
    )


PLACES = ("own", "own unit", "below", "above", "beside", "own institution", "other institution")
"""Where a thing may lie, seen from where the role is held."""

REACHED = {
    Scope.NONE: frozenset[str](),
    Scope.OWN: frozenset({"own"}),
    Scope.UNIT: frozenset({"own", "own unit"}),
    Scope.UNIT_AND_BELOW: frozenset({"own", "own unit", "below"}),
    Scope.OWN_INSTITUTION: frozenset({"own institution"}),
    Scope.ALL: frozenset(PLACES),
}
"""What each scope reaches."""


@cache
def telling(action: Action) -> frozenset[Role]:
    """Return few roles by whose answers an endpoint shows that it asks for this action.

    One for each scope that the action's row has, and for every action with another row one that has another scope there.
    """
    grid = expected()
    found: list[Role] = []
    for role in Role:
        if grid[role, action] not in {grid[each, action] for each in found}:
            found.append(role)
    for other in Action:
        apart = [role for role in Role if grid[role, action] != grid[role, other]]
        if apart and not set(apart) & set(found):
            found.append(apart[0])
    return frozenset(found)
