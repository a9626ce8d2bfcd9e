"""Every event and command of the centre under the name and version that the journal keeps for ever. Not what they mean.

A name is never given to another type. When the fields of a type change, its version goes up and an upcaster is added; the
golden journal in the tests must replay to the same digest ever after.
"""

from __future__ import annotations

from typing import Final

from recoup.centre.requests import Acted
from recoup.centre.terms import EndTerm
from recoup.journal.events import Registry, Upcast
from recoup.orders import commands as order_commands
from recoup.orders import events as order_events

Row = tuple[str, int, type, tuple[Upcast, ...]]

EVENTS: Final[tuple[Row, ...]] = (
    ("acted", 1, Acted, ()),
    ("order_drafted", 1, order_events.OrderDrafted, ()),
    ("order_submitted", 1, order_events.OrderSubmitted, ()),
    ("order_approved", 1, order_events.OrderApproved, ()),
    ("order_sent_back", 1, order_events.OrderSentBack, ()),
    ("order_withdrawn", 1, order_events.OrderWithdrawn, ()),
    ("order_issued", 1, order_events.OrderIssued, ()),
    ("order_sent", 1, order_events.OrderSent, ()),
    ("order_unanswered", 1, order_events.OrderUnanswered, ()),
    ("answer_recorded", 1, order_events.AnswerRecorded, ()),
    ("hold_changed", 1, order_events.HoldChanged, ()),
)

COMMANDS: Final[tuple[Row, ...]] = (
    ("draft_order", 1, order_commands.DraftOrder, ()),
    ("submit_order", 1, order_commands.SubmitOrder, ()),
    ("approve_order", 1, order_commands.ApproveOrder, ()),
    ("send_back_order", 1, order_commands.SendBackOrder, ()),
    ("withdraw_order", 1, order_commands.WithdrawOrder, ()),
    ("issue_order", 1, order_commands.IssueOrder, ()),
    ("confirm_sent", 1, order_commands.ConfirmSent, ()),
    ("pass_answer_limit", 1, order_commands.PassAnswerLimit, ()),
    ("record_answer", 1, order_commands.RecordAnswer, ()),
    ("end_term", 1, EndTerm, ()),
)


def _filled(rows: tuple[Row, ...]) -> Registry:
    registry = Registry()
    for name, version, kind, upcasts in rows:
        registry.register(name, version, kind, *upcasts)
    return registry


EVENT_REGISTRY: Final = _filled(EVENTS)
COMMAND_REGISTRY: Final = _filled(COMMANDS)

__all__ = ["COMMANDS", "COMMAND_REGISTRY", "EVENTS", "EVENT_REGISTRY", "Row"]
