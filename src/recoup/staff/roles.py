"""Who may do what: one literal table of roles and actions. What stands in no cell is denied. No person and no unit is here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is for; held at a unit of the police or at an institution."""

    CALL_TAKER = "call_taker"
    OFFICER = "officer"
    APPROVER = "approver"
    CASE_LEAD = "case_lead"
    DUTY_OFFICER = "duty_officer"
    BANK_OPERATOR = "bank_operator"
    BANK_APPROVER = "bank_approver"
    REGULATOR = "regulator"
    PROSECUTOR = "prosecutor"
    COURT = "court"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done through the centre."""

    REPORT_TAKE = "report_take"
    """Take a report in, and further payments of it."""
    CASE_READ = "case_read"
    """A case and its plan."""
    WORKLIST_READ = "worklist_read"
    """What waits for a person, of all cases that one may see."""
    ACCOUNT_ENTER = "account_enter"
    PERSONAL_READ = "personal_read"
    ORDER_DRAFT = "order_draft"
    ORDER_SUBMIT = "order_submit"
    ORDER_ISSUE = "order_issue"
    ORDER_APPROVE = "order_approve"
    ORDER_SEND_BACK = "order_send_back"
    ORDER_WITHDRAW = "order_withdraw"
    CLAIM_SETTLE = "claim_settle"
    """Admit or reject a claim that somebody else made."""
    CLAIM_WITHDRAW = "claim_withdraw"
    REPAID_NOTE = "repaid_note"
    HARM_NOTE = "harm_note"
    """Say what an order would do to others."""
    MANDATE_PROPOSE = "mandate_propose"
    MANDATE_AGREE = "mandate_agree"
    MANDATE_REVOKE = "mandate_revoke"
    FINDING_PROPOSE = "finding_propose"
    FINDING_SETTLE = "finding_settle"
    MOTION_MAKE = "motion_make"
    """Propose what takes two persons, or take it back."""
    MOTION_SETTLE = "motion_settle"
    HARDSHIP_SETTLE = "hardship_settle"
    """Agree that people get money to live on: the same day, so the duty may."""
    OPINION_NOTE = "opinion_note"
    APPEAL_FILE = "appeal_file"
    """Take in a holder's objection, or that the holder takes it back."""
    APPEAL_SETTLE = "appeal_settle"
    APPEAL_READ = "appeal_read"
    """Appeals against decisions of a watch, without the holder's words."""
    NOTICE_SEND = "notice_send"
    FOREIGN_NOTE = "foreign_note"
    """Keep what another country answered."""
    TEXT_READ = "text_read"
    """What a holder, an institution or another country wrote."""
    ORDER_READ = "order_read"
    INBOX_READ = "inbox_read"
    """The orders told to one institution."""
    PAPER_PRINT = "paper_print"
    """An order as PDF: account and name are seen."""
    PAPER_HAND_OVER = "paper_hand_over"
    ANSWER_TYPE = "answer_type"
    """An answer sheet, from paper."""
    ANSWER_CONFIRM = "answer_confirm"
    """The same sheet, by somebody else."""
    SCAN_READ = "scan_read"
    """A scan of an answer sheet: names and numbers are seen."""
    FIGURES_READ = "figures_read"
    STREAM_READ = "stream_read"
    """What happened, as it happens: kinds and opaque ids."""
    STAFF_READ = "staff_read"
    UNIT_ADD = "unit_add"
    PERSON_ADD = "person_add"
    PERSON_SUSPEND = "person_suspend"
    ENROLMENT_OFFER = "enrolment_offer"
    ROLE_GRANT = "role_grant"
    ROLE_REVOKE = "role_revoke"
    DUTY_READ = "duty_read"
    DUTY_ASSIGN = "duty_assign"
    ACTING_NAME = "acting_name"
    SHIFT_HAND_OVER = "shift_hand_over"
    ESCALATION_LOG = "escalation_log"
    HANDOVER_OFFER = "handover_offer"
    """Of a case, to another unit."""
    HANDOVER_SETTLE = "handover_settle"
    """Of a case that was offered to the unit."""
    IMPORT = "import"
    """Take reports and registers of other systems over."""
    LIST_ADD = "list_add"
    LIST_AGREE = "list_agree"
    LIST_WITHDRAW = "list_withdraw"
    LIST_READ = "list_read"
    """The entries of a case."""
    LIST_CHECK = "list_check"
    """Ask whether somebody is listed."""
    RETURN_APPLY = "return_apply"
    """Begin to give money back; take applications and objections in."""
    RETURN_CHECK = "return_check"
    """Look at the paper by which somebody acts for a victim."""
    RETURN_PREPARE = "return_prepare"
    """Bind a plan, make it public, give a bank notice, propose another account."""
    RETURN_APPROVE = "return_approve"
    """Agree to what was prepared, decide on objections and on who gets what."""
    COUNTER_SERVE = "counter_serve"
    """Give a victim a code to see how the claim stands, or a letter that says so."""
    MEASURE_PROPOSE = "measure_propose"
    """Propose a measure of an account, or take the proposal back."""
    MEASURE_AGREE = "measure_agree"
    MEASURE_LIFT = "measure_lift"
    """End it before its end."""
    MEASURE_CONFIRM = "measure_confirm"
    """Say that it is in force at the institution."""
    HOLDER_VERIFY = "holder_verify"
    """Say that a holder was verified again."""
    MEASURE_READ = "measure_read"
    LEAD_TAKE = "lead_take"
    """Take in what says that a payer is likely a victim."""
    DISSUADE = "dissuade"
    """Speak to a payer, and say how it ended."""
    DISSUASION_READ = "dissuasion_read"


class Scope(StrEnum):
    """On what a role may carry out an action."""

    NONE = "none"
    OWN = "own"
    """What the person made."""
    UNIT = "unit"
    """What belongs to the unit at which the role is held."""
    UNIT_AND_BELOW = "unit_and_below"
    OWN_INSTITUTION = "own_institution"
    """What is told to, or lies at, the institution at which the role is held."""
    ALL = "all"


_A = Action
_OWN, _UNIT, _BELOW, _BANK, _ALL = (
    Scope.OWN,
    Scope.UNIT,
    Scope.UNIT_AND_BELOW,
    Scope.OWN_INSTITUTION,
    Scope.ALL,
)

_AT_THE_DESK: Final = {
    _A.REPORT_TAKE: _UNIT,
    _A.CASE_READ: _UNIT,
    _A.WORKLIST_READ: _UNIT,
    _A.ACCOUNT_ENTER: _UNIT,
    _A.ORDER_DRAFT: _UNIT,
    _A.ORDER_SUBMIT: _OWN,
    _A.ORDER_ISSUE: _OWN,
    _A.ORDER_WITHDRAW: _OWN,
    _A.ORDER_READ: _UNIT,
    _A.DUTY_READ: _UNIT,
    _A.ESCALATION_LOG: _UNIT,
    _A.PAPER_HAND_OVER: _UNIT,
    _A.ANSWER_TYPE: _UNIT,
    _A.ANSWER_CONFIRM: _UNIT,
    _A.SCAN_READ: _UNIT,
    _A.COUNTER_SERVE: _UNIT,
}
_LISTS_AT_THE_DESK: Final = {
    _A.LIST_ADD: _UNIT,
    _A.LIST_WITHDRAW: _UNIT,
    _A.LIST_READ: _UNIT,
    _A.LIST_CHECK: _UNIT,
}
_IN_A_CASE: Final = {
    _A.CLAIM_SETTLE: _UNIT,
    _A.CLAIM_WITHDRAW: _UNIT,
    _A.REPAID_NOTE: _UNIT,
    _A.HARM_NOTE: _UNIT,
    _A.MANDATE_PROPOSE: _UNIT,
    _A.MANDATE_REVOKE: _UNIT,
    _A.FINDING_PROPOSE: _UNIT,
    _A.MOTION_MAKE: _UNIT,
    _A.OPINION_NOTE: _UNIT,
    _A.APPEAL_FILE: _UNIT,
    _A.NOTICE_SEND: _UNIT,
    _A.FOREIGN_NOTE: _UNIT,
    _A.TEXT_READ: _UNIT,
}
_RETURNS: Final = {
    _A.RETURN_APPLY: _UNIT,
    _A.RETURN_CHECK: _UNIT,
    _A.RETURN_PREPARE: _UNIT,
}
_CARE_AT_THE_DESK: Final = {
    _A.MEASURE_PROPOSE: _UNIT,
    _A.MEASURE_CONFIRM: _UNIT,
    _A.HOLDER_VERIFY: _UNIT,
    _A.MEASURE_READ: _UNIT,
    _A.LEAD_TAKE: _UNIT,
    _A.DISSUADE: _UNIT,
    _A.DISSUASION_READ: _UNIT,
    _A.APPEAL_READ: _UNIT,
}
_AT_A_BANK: Final = {
    _A.MEASURE_CONFIRM: _BANK,
    _A.HOLDER_VERIFY: _BANK,
    _A.MEASURE_READ: _BANK,
    _A.LEAD_TAKE: _BANK,
    _A.DISSUADE: _BANK,
    _A.DISSUASION_READ: _BANK,
    _A.APPEAL_READ: _BANK,
    _A.INBOX_READ: _BANK,
    _A.PERSONAL_READ: _BANK,
    _A.OPINION_NOTE: _BANK,
    _A.APPEAL_FILE: _BANK,
    _A.NOTICE_SEND: _BANK,
}
_READS: Final = {
    _A.ORDER_READ: _ALL,
    _A.CASE_READ: _ALL,
    _A.PERSONAL_READ: _ALL,
    _A.TEXT_READ: _ALL,
    _A.SCAN_READ: _ALL,
}

TABLE: Final[Mapping[Role, Mapping[Action, Scope]]] = {
    Role.CALL_TAKER: {
        **_AT_THE_DESK,
        _A.LEAD_TAKE: _UNIT,
        _A.DISSUADE: _UNIT,
        _A.DISSUASION_READ: _UNIT,
        _A.APPEAL_FILE: _UNIT,
        _A.LIST_CHECK: _UNIT,
        _A.RETURN_APPLY: _UNIT,
    },
    Role.OFFICER: {
        **_AT_THE_DESK,
        **_IN_A_CASE,
        **_LISTS_AT_THE_DESK,
        **_CARE_AT_THE_DESK,
        **_RETURNS,
        _A.PERSONAL_READ: _UNIT,
        _A.PAPER_PRINT: _UNIT,
        _A.STREAM_READ: _UNIT,
        _A.SHIFT_HAND_OVER: _UNIT,
    },
    Role.APPROVER: {
        _A.CLAIM_SETTLE: _BELOW,
        _A.MANDATE_AGREE: _BELOW,
        _A.MANDATE_REVOKE: _BELOW,
        _A.FINDING_SETTLE: _BELOW,
        _A.MOTION_SETTLE: _BELOW,
        _A.HARDSHIP_SETTLE: _BELOW,
        _A.APPEAL_SETTLE: _BELOW,
        _A.TEXT_READ: _BELOW,
        _A.SCAN_READ: _BELOW,
        _A.ORDER_APPROVE: _BELOW,
        _A.ORDER_SEND_BACK: _BELOW,
        _A.ORDER_READ: _BELOW,
        _A.CASE_READ: _BELOW,
        _A.WORKLIST_READ: _BELOW,
        _A.PERSONAL_READ: _BELOW,
        _A.DUTY_READ: _BELOW,
        _A.STREAM_READ: _BELOW,
        _A.ESCALATION_LOG: _BELOW,
        _A.LIST_AGREE: _BELOW,
        _A.LIST_WITHDRAW: _BELOW,
        _A.LIST_READ: _BELOW,
        _A.LIST_CHECK: _BELOW,
        _A.RETURN_APPROVE: _BELOW,
        _A.MEASURE_AGREE: _BELOW,
        _A.MEASURE_LIFT: _BELOW,
        _A.MEASURE_READ: _BELOW,
        _A.DISSUASION_READ: _BELOW,
        _A.APPEAL_READ: _BELOW,
    },
    Role.CASE_LEAD: {
        **_RETURNS,
        **_AT_THE_DESK,
        **_IN_A_CASE,
        _A.HARDSHIP_SETTLE: _UNIT,
        _A.APPEAL_SETTLE: _UNIT,
        _A.IMPORT: _UNIT,
        **_LISTS_AT_THE_DESK,
        **_CARE_AT_THE_DESK,
        _A.MEASURE_LIFT: _UNIT,
        _A.ORDER_SUBMIT: _UNIT,
        _A.ORDER_ISSUE: _UNIT,
        _A.ORDER_WITHDRAW: _UNIT,
        _A.PERSONAL_READ: _UNIT,
        _A.PAPER_PRINT: _UNIT,
        _A.STREAM_READ: _UNIT,
        _A.FIGURES_READ: _BELOW,
        _A.HANDOVER_OFFER: _UNIT,
        _A.HANDOVER_SETTLE: _UNIT,
        _A.DUTY_ASSIGN: _UNIT,
        _A.ACTING_NAME: _UNIT,
        _A.SHIFT_HAND_OVER: _UNIT,
    },
    Role.DUTY_OFFICER: {
        **_RETURNS,
        **_AT_THE_DESK,
        **_IN_A_CASE,
        _A.HARDSHIP_SETTLE: _UNIT,
        **_LISTS_AT_THE_DESK,
        **_CARE_AT_THE_DESK,
        _A.ORDER_SUBMIT: _UNIT,
        _A.ORDER_ISSUE: _UNIT,
        _A.ORDER_WITHDRAW: _UNIT,
        _A.PERSONAL_READ: _UNIT,
        _A.PAPER_PRINT: _UNIT,
        _A.STREAM_READ: _UNIT,
        _A.DUTY_ASSIGN: _UNIT,
        _A.SHIFT_HAND_OVER: _UNIT,
        _A.HANDOVER_SETTLE: _UNIT,
    },
    Role.BANK_OPERATOR: _AT_A_BANK,
    Role.BANK_APPROVER: _AT_A_BANK,
    Role.REGULATOR: {_A.FIGURES_READ: _ALL},
    Role.PROSECUTOR: _READS,
    Role.COURT: _READS,
    Role.AUDITOR: {
        _A.ORDER_READ: _ALL,
        _A.CASE_READ: _ALL,
        _A.STREAM_READ: _ALL,
        _A.FIGURES_READ: _ALL,
        _A.STAFF_READ: _ALL,
        _A.DUTY_READ: _ALL,
        _A.LIST_READ: _ALL,
        _A.MEASURE_READ: _ALL,
        _A.DISSUASION_READ: _ALL,
        _A.APPEAL_READ: _ALL,
    },
    Role.ADMINISTRATOR: {
        _A.STAFF_READ: _ALL,
        _A.UNIT_ADD: _ALL,
        _A.PERSON_ADD: _ALL,
        _A.PERSON_SUSPEND: _ALL,
        _A.ENROLMENT_OFFER: _ALL,
        _A.ROLE_GRANT: _ALL,
        _A.ROLE_REVOKE: _ALL,
        _A.DUTY_READ: _ALL,
    },
}
"""Administrators manage accounts and see no case; auditors see what happened and no personal data."""

NEEDS_PURPOSE: Final = frozenset(
    {
        _A.ORDER_READ,
        _A.CASE_READ,
        _A.PERSONAL_READ,
        _A.TEXT_READ,
        _A.LIST_READ,
        _A.LIST_CHECK,
        _A.PAPER_PRINT,
        _A.SCAN_READ,
        _A.COUNTER_SERVE,
    }
)
"""Nobody asks without a case number and a reason."""

FOUR_EYES: Final = frozenset(
    {
        _A.ORDER_APPROVE,
        _A.ORDER_SEND_BACK,
        _A.CLAIM_SETTLE,
        _A.MANDATE_AGREE,
        _A.FINDING_SETTLE,
        _A.MOTION_SETTLE,
        _A.HARDSHIP_SETTLE,
        _A.APPEAL_SETTLE,
        _A.HANDOVER_SETTLE,
        _A.LIST_AGREE,
        _A.ANSWER_CONFIRM,
        _A.RETURN_CHECK,
        _A.RETURN_APPROVE,
        _A.MEASURE_AGREE,
        _A.MEASURE_LIFT,
        _A.HOLDER_VERIFY,
    }
)
"""Never by a person who made what is decided on, whatever roles that person holds."""

AT_INSTITUTION: Final = frozenset({Role.BANK_OPERATOR, Role.BANK_APPROVER})
"""Roles held at an institution; all others are held at a unit."""

APART: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.REGULATOR}) | AT_INSTITUTION
"""A person with one of these roles holds no other role: who gives rights, or watches, takes no part."""


def scope_of(role: Role, action: Action) -> Scope:
    """Return the table's cell; what it does not name is denied.

    >>> scope_of(Role.REGULATOR, Action.ORDER_READ)
    <Scope.NONE: 'none'>
    """
    return TABLE[role].get(action, Scope.NONE)


__all__ = [
    "APART",
    "AT_INSTITUTION",
    "FOUR_EYES",
    "NEEDS_PURPOSE",
    "TABLE",
    "Action",
    "Role",
    "Scope",
    "scope_of",
]
