"""The table of rooms: which commands and events are whose. A new room is one row here and its names in `registry`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from recoup.care import appealing, dissuading, escalating, measuring
from recoup.cases import CasePolicy, lists
from recoup.cases import commands as case_commands
from recoup.cases import events as case_events
from recoup.centre import counter, list_commands, sheets, written
from recoup.centre.account_room import (
    AccountEntered,
    EnterAccount,
    ReadPersonal,
    decide_accounts,
    evolve_accounts,
)
from recoup.centre.care_room import decide_care, evolve_care
from recoup.centre.case_room import decide_cases, decide_orders, evolve_cases
from recoup.centre.commands import Decision, Declined
from recoup.centre.counter_commands import IssueCode, ShowClaim, WriteToVictim
from recoup.centre.counter_room import decide_counter, evolve_counter
from recoup.centre.import_commands import EnterForeign, ForeignNoted, ImportNoted, NoteImport
from recoup.centre.import_room import decide_imports, evolve_imports
from recoup.centre.intake_room import decide_intake
from recoup.centre.list_room import decide_lists, evolve_lists
from recoup.centre.order_room import evolve_orders
from recoup.centre.paper_room import decide_paper, evolve_paper
from recoup.centre.requests import Request
from recoup.centre.return_room import decide_returns, evolve_returns
from recoup.centre.staff_room import decide_staff, evolve_staff
from recoup.centre.state import CentreState
from recoup.centre.terms import EndTerm, EnterClaim, EnterReport, PassHardshipDay, TellAgain
from recoup.centre.written_room import decide_written, evolve_written
from recoup.ids import SubjectId
from recoup.orders import commands as order_commands
from recoup.orders import events as order_events
from recoup.procedure import commands as return_commands
from recoup.procedure import events as return_events
from recoup.staff import commands as staff_commands
from recoup.staff import events as staff_events
from recoup.stores.vault import PersonalDataErased, PersonalDataRead


@dataclass(frozen=True, slots=True)
class Room:
    """How a room stands in the centre."""

    name: str
    commands: tuple[type, ...]
    events: tuple[type, ...]
    decide: Callable[[CentreState, Request, datetime, CasePolicy], Decision | Declined]
    evolve: Callable[[CentreState, SubjectId, Any], CentreState]


ROOMS: Final[tuple[Room, ...]] = (
    Room(
        "orders",
        (
            order_commands.DraftOrder,
            order_commands.SubmitOrder,
            order_commands.ApproveOrder,
            order_commands.SendBackOrder,
            order_commands.WithdrawOrder,
            order_commands.IssueOrder,
            order_commands.ConfirmSent,
            order_commands.PassAnswerLimit,
            order_commands.RecordAnswer,
            order_commands.NoteGone,
            EndTerm,
            TellAgain,
        ),
        (
            order_events.OrderDrafted,
            order_events.OrderSubmitted,
            order_events.OrderApproved,
            order_events.OrderSentBack,
            order_events.OrderWithdrawn,
            order_events.OrderIssued,
            order_events.OrderSent,
            order_events.OrderUnanswered,
            order_events.AnswerRecorded,
            order_events.HoldChanged,
            order_events.HoldTakenOver,
            order_events.PaidBack,
            order_events.PaymentBounced,
        ),
        decide_orders,
        evolve_orders,
    ),
    Room(
        "cases",
        (*get_args(case_commands.Command), PassHardshipDay),
        get_args(case_events.Event),
        decide_cases,
        evolve_cases,
    ),
    Room("intake", (EnterReport, EnterClaim), (), decide_intake, evolve_cases),
    Room(
        "staff",
        get_args(staff_commands.Command),
        get_args(staff_events.Event),
        decide_staff,
        evolve_staff,
    ),
    Room(
        "accounts",
        (EnterAccount, ReadPersonal),
        (AccountEntered, PersonalDataRead, PersonalDataErased),
        decide_accounts,
        evolve_accounts,
    ),
    Room(
        "imports",
        (EnterForeign, NoteImport),
        (ForeignNoted, ImportNoted),
        decide_imports,
        evolve_imports,
    ),
    Room(
        "lists",
        (
            list_commands.ListSubject,
            list_commands.AgreeToEntry,
            list_commands.WithdrawEntry,
            list_commands.PassEntryEnd,
            list_commands.CheckLists,
        ),
        (lists.EntryAdded, lists.EntryMoved, lists.EntryRenewed, list_commands.ListsChecked),
        decide_lists,
        evolve_lists,
    ),
    Room("paper", get_args(sheets.Command), get_args(sheets.Event), decide_paper, evolve_paper),
    Room(
        "returns",
        get_args(return_commands.Command),
        get_args(return_events.Event),
        decide_returns,
        evolve_returns,
    ),
    Room(
        "counter",
        (IssueCode, WriteToVictim, ShowClaim),
        (counter.CodeIssued, counter.CodeUsed),
        decide_counter,
        evolve_counter,
    ),
    Room(
        "written",
        get_args(written.Command),
        get_args(written.Event),
        decide_written,
        evolve_written,
    ),
    Room(
        "care",
        (
            *get_args(measuring.MeasureCommand),
            dissuading.TakeLead,
            *get_args(dissuading.DissuasionCommand),
            *get_args(appealing.DecisionAppealCommand),
            *get_args(escalating.AppealEscalationCommand),
        ),
        (
            *get_args(measuring.MeasureEvent),
            *get_args(dissuading.DissuasionEvent),
            *get_args(appealing.DecisionAppealEvent),
            *get_args(escalating.AppealEscalationEvent),
        ),
        decide_care,
        evolve_care,
    ),
)

ROOM_OF_COMMAND: Final = {kind: room for room in ROOMS for kind in room.commands}
ROOM_OF_EVENT: Final = {kind: room for room in ROOMS for kind in room.events}

__all__ = ["ROOMS", "ROOM_OF_COMMAND", "ROOM_OF_EVENT", "Room"]
