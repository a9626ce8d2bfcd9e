"""Every event and command of the centre under the name and version that the journal keeps for ever. Not what they mean.

A name is never given to another type. When the fields of a type change, its version goes up and an upcaster is added; the
golden journal in the tests must replay to the same digest ever after.
"""

from __future__ import annotations

from typing import Final

from recoup.care import appealing, dissuading, escalating, measuring
from recoup.cases import commands as case_commands
from recoup.cases import events as case_events
from recoup.cases import lists
from recoup.centre import counter, import_commands, list_commands, sheets, written
from recoup.centre.account_room import AccountEntered, EnterAccount, ReadPersonal
from recoup.centre.counter_commands import IssueCode, ShowClaim, WriteToVictim
from recoup.centre.requests import Acted
from recoup.centre.terms import EndTerm, EnterClaim, EnterReport, PassHardshipDay, TellAgain
from recoup.journal.canonical import Plain
from recoup.journal.events import Registry, Upcast
from recoup.orders import commands as order_commands
from recoup.orders import events as order_events
from recoup.procedure import commands as return_commands
from recoup.procedure import events as return_events
from recoup.staff import EVENT_NAMES
from recoup.staff import commands as staff_commands
from recoup.stores.vault import PersonalDataErased, PersonalDataRead

Row = tuple[str, int, type, tuple[Upcast, ...]]


def _with(name: str, value: Plain) -> Upcast:
    """Return the upcaster that adds a field which older events do not have."""
    return lambda fields: {**fields, name: value}


def _without_scan(fields: dict[str, Plain]) -> dict[str, Plain]:
    """Return a typed sheet of before there were scans."""
    sheet = fields["sheet"]
    assert isinstance(sheet, dict), "a sheet is an object"
    return {**fields, "sheet": {**sheet, "scan": ""}}


_ANSWER_1: Final[dict[str, Plain]] = {"receipt": None, "failed": [], "papers": []}
_ORDER_1: Final[dict[str, Plain]] = {"payout": None}
"""What answers and orders of before payments back lack."""
_FOREIGN_1: Final[dict[str, Plain]] = {"kind": ""}
"""What a row of before reports and registers were told apart lacks."""
_NOTICE_1: Final[dict[str, Plain]] = {"first_due_at": None}
"""What a notice of before deferrals had an end in all lacks."""

_OLDER_OF_STAFF: Final[dict[str, tuple[Upcast, ...]]] = {
    "shift_handed_over": (_with("at", None),),
}
"""Upcasters of the room of staff, whose names are its own."""


def _within(name: str, more: dict[str, Plain]) -> Upcast:
    """Return the upcaster that adds fields to the object in a field."""

    def upcast(fields: dict[str, Plain]) -> dict[str, Plain]:
        inner = fields[name]
        assert isinstance(inner, dict), f"{name} is an object"
        return {**fields, name: {**more, **inner}}

    return upcast


def _sheet_before_payments(fields: dict[str, Plain]) -> dict[str, Plain]:
    """Return a typed sheet with an answer of today."""
    sheet = fields["sheet"]
    assert isinstance(sheet, dict), "a sheet is an object"
    return {**fields, "sheet": _within("answer", _ANSWER_1)(sheet)}


def _with_no_stops(fields: dict[str, Plain]) -> dict[str, Plain]:
    """Return a row of before a register could say that an account had been stopped earlier."""
    return fields if fields["hold"] is None else _within("hold", {"stops_before": 0})(fields)


EVENTS: Final[tuple[Row, ...]] = (
    ("acted", 1, Acted, ()),
    ("order_drafted", 2, order_events.OrderDrafted, (_within("order", _ORDER_1),)),
    ("order_submitted", 1, order_events.OrderSubmitted, ()),
    ("order_approved", 1, order_events.OrderApproved, ()),
    ("order_sent_back", 1, order_events.OrderSentBack, ()),
    ("order_withdrawn", 1, order_events.OrderWithdrawn, ()),
    ("order_issued", 1, order_events.OrderIssued, ()),
    ("order_sent", 1, order_events.OrderSent, ()),
    ("order_unanswered", 1, order_events.OrderUnanswered, ()),
    ("answer_recorded", 2, order_events.AnswerRecorded, (_within("answer", _ANSWER_1),)),
    ("hold_changed", 1, order_events.HoldChanged, ()),
    ("paid_back", 1, order_events.PaidBack, ()),
    ("payment_bounced", 1, order_events.PaymentBounced, ()),
    ("case_opened", 1, case_events.CaseOpened, ()),
    ("report_taken", 1, case_events.ReportTaken, ()),
    ("claim_made", 1, case_events.ClaimMade, ()),
    ("signs_noted", 1, case_events.SignsNoted, ()),
    ("claim_agreed", 1, case_events.ClaimAgreed, ()),
    ("claim_settled", 1, case_events.ClaimSettled, ()),
    ("claim_repaid", 1, case_events.ClaimRepaid, ()),
    ("facts_added", 1, case_events.FactsAdded, ()),
    ("rest_noted", 1, case_events.RestNoted, ()),
    ("facts_changed", 1, case_events.FactsChanged, ()),
    ("trail_applied", 1, case_events.TrailApplied, ()),
    ("hold_noted", 3, case_events.HoldNoted, (_with("since", None), _with("makers", []))),
    ("hold_confirmed", 1, case_events.HoldConfirmed, ()),
    ("harm_noted", 1, case_events.HarmNoted, ()),
    ("account_kind_noted", 1, case_events.AccountKindNoted, ()),
    ("order_written", 1, case_events.OrderWritten, ()),
    ("order_agreed", 1, case_events.OrderAgreed, ()),
    ("order_taken_up", 2, case_events.OrderTakenUp, (_with("arrived_at", None),)),
    ("stood_lowered", 1, case_events.StoodLowered, ()),
    ("cap_lifted", 1, case_events.CapLifted, ()),
    ("entitlements_changed", 1, case_events.EntitlementsChanged, ()),
    ("surplus_marked", 1, case_events.SurplusMarked, ()),
    ("mandate_proposed", 1, case_events.MandateProposed, ()),
    ("mandate_settled", 1, case_events.MandateSettled, ()),
    ("finding_proposed", 1, case_events.FindingProposed, ()),
    ("finding_settled", 1, case_events.FindingSettled, ()),
    ("motion_made", 1, case_events.MotionMade, ()),
    ("motion_settled", 1, case_events.MotionSettled, ()),
    ("clock_set", 1, case_events.ClockSet, ()),
    ("places_changed", 1, case_events.PlacesChanged, ()),
    ("account_swapped", 1, case_events.AccountSwapped, ()),
    ("opinion_noted", 1, case_events.OpinionNoted, ()),
    ("appeal_filed", 1, case_events.AppealFiled, ()),
    ("appeal_settled", 1, case_events.AppealSettled, ()),
    ("notice_fell_due", 2, case_events.NoticeFellDue, (_within("notice", _NOTICE_1),)),
    ("notice_moved", 1, case_events.NoticeMoved, ()),
    ("task_opened", 1, case_events.TaskOpened, ()),
    ("task_moved", 1, case_events.TaskMoved, ()),
    ("case_joined", 1, case_events.CaseJoined, ()),
    ("handover_offered", 1, case_events.HandoverOffered, ()),
    ("handover_settled", 1, case_events.HandoverSettled, ()),
    ("escalation_raised", 1, case_events.EscalationRaised, ()),
    ("escalation_moved", 1, case_events.EscalationMoved, ()),
    ("account_entered", 1, AccountEntered, ()),
    ("personal_data_read", 1, PersonalDataRead, ()),
    ("personal_data_erased", 1, PersonalDataErased, ()),
    (
        "hold_taken_over",
        3,
        order_events.HoldTakenOver,
        (_within("order", _ORDER_1), _with("stops_before", 0)),
    ),
    (
        "foreign_noted",
        2,
        import_commands.ForeignNoted,
        (_within("foreign", _FOREIGN_1),),
    ),
    ("import_noted", 1, import_commands.ImportNoted, ()),
    ("entry_added", 1, lists.EntryAdded, ()),
    ("entry_moved", 1, lists.EntryMoved, ()),
    ("entry_renewed", 1, lists.EntryRenewed, ()),
    ("lists_checked", 1, list_commands.ListsChecked, ()),
    ("order_printed", 1, sheets.OrderPrinted, ()),
    ("order_handed_over", 1, sheets.OrderHandedOver, ()),
    ("sheet_typed", 3, sheets.SheetTyped, (_without_scan, _sheet_before_payments)),
    ("sheet_confirmed", 1, sheets.SheetConfirmed, ()),
    ("scan_taken", 1, sheets.ScanTaken, ()),
    ("return_round_opened", 1, return_events.RoundOpened, ()),
    ("return_application_taken", 1, return_events.ApplicationTaken, ()),
    ("return_proof_checked", 1, return_events.ProofChecked, ()),
    ("return_application_taken_back", 1, return_events.ApplicationTakenBack, ()),
    ("return_plan_bound", 1, return_events.PlanBound, ()),
    ("return_plan_approved", 1, return_events.PlanApproved, ()),
    ("return_plan_sent_back", 1, return_events.PlanSentBack, ()),
    ("return_notice_published", 1, return_events.NoticePublished, ()),
    ("return_objection_taken", 1, return_events.ObjectionTaken, ()),
    ("return_objection_settled", 1, return_events.ObjectionSettled, ()),
    ("return_notice_passed", 1, return_events.NoticePassed, ()),
    ("return_round_decided", 1, return_events.RoundDecided, ()),
    ("return_round_ended", 1, return_events.RoundEnded, ()),
    ("return_bank_notified", 1, return_events.BankNotified, ()),
    ("return_payment_moved", 1, return_events.PaymentMoved, ()),
    ("return_payment_overdue", 1, return_events.PaymentOverdue, ()),
    ("return_incident_settled", 1, return_events.IncidentSettled, ()),
    ("return_payee_proposed", 1, return_events.PayeeProposed, ()),
    ("return_payment_replaced", 1, return_events.PaymentReplaced, ()),
    ("return_payment_given_up", 1, return_events.PaymentGivenUp, ()),
    ("return_seized_noted", 1, return_events.SeizedNoted, ()),
    ("return_seized_agreed", 1, return_events.SeizedAgreed, ()),
    ("return_seized_ended", 1, return_events.SeizedEnded, ()),
    ("return_prior_right_noted", 1, return_events.PriorRightNoted, ()),
    ("return_prior_right_ended", 1, return_events.PriorRightEnded, ()),
    ("return_interest_noted", 1, return_events.InterestNoted, ()),
    ("return_handed_over", 1, return_events.HandedOver, ()),
    ("counter_code_issued", 1, counter.CodeIssued, ()),
    ("counter_code_used", 1, counter.CodeUsed, ()),
    ("victim_letter_sent", 1, written.LetterSent, ()),
    ("papers_issued", 1, written.PapersIssued, ()),
    ("measure_proposed", 1, measuring.MeasureProposed, ()),
    ("measure_moved", 1, measuring.MeasureMoved, ()),
    ("lead_taken", 1, dissuading.LeadTaken, ()),
    ("dissuasion_opened", 1, dissuading.DissuasionOpened, ()),
    ("dissuasion_joined", 1, dissuading.DissuasionJoined, ()),
    ("dissuasion_moved", 1, dissuading.DissuasionMoved, ()),
    ("decision_appeal_filed", 1, appealing.DecisionAppealFiled, ()),
    ("decision_appeal_moved", 1, appealing.DecisionAppealMoved, ()),
    ("appeal_escalation_raised", 1, escalating.AppealEscalationRaised, ()),
    ("appeal_escalation_moved", 1, escalating.AppealEscalationMoved, ()),
    *(
        (name, len(older) + 1, kind, older)
        for name, kind in EVENT_NAMES.items()
        for older in (_OLDER_OF_STAFF.get(name, ()),)
    ),
)

COMMANDS: Final[tuple[Row, ...]] = (
    ("draft_order", 2, order_commands.DraftOrder, (_within("order", _ORDER_1),)),
    ("submit_order", 1, order_commands.SubmitOrder, ()),
    ("approve_order", 2, order_commands.ApproveOrder, (_with("shown", ""),)),
    ("send_back_order", 1, order_commands.SendBackOrder, ()),
    ("withdraw_order", 1, order_commands.WithdrawOrder, ()),
    ("issue_order", 1, order_commands.IssueOrder, ()),
    ("confirm_sent", 1, order_commands.ConfirmSent, ()),
    ("pass_answer_limit", 1, order_commands.PassAnswerLimit, ()),
    ("record_answer", 2, order_commands.RecordAnswer, (_within("answer", _ANSWER_1),)),
    ("note_gone", 1, order_commands.NoteGone, ()),
    ("end_term", 1, EndTerm, ()),
    ("pass_hardship_day", 1, PassHardshipDay, ()),
    ("tell_again", 1, TellAgain, ()),
    ("print_order", 1, sheets.PrintOrder, ()),
    ("hand_over_order", 1, sheets.HandOverOrder, ()),
    ("type_sheet", 3, sheets.TypeSheet, (_with("scan", ""), _within("answer", _ANSWER_1))),
    ("confirm_sheet", 2, sheets.ConfirmSheet, (_with("scan", ""),)),
    ("take_scan", 1, sheets.TakeScan, ()),
    ("read_scan", 1, sheets.ReadScan, ()),
    ("take_report", 1, case_commands.TakeReport, ()),
    ("make_claim", 1, case_commands.MakeClaim, ()),
    ("settle_claim", 1, case_commands.SettleClaim, ()),
    ("note_repaid", 1, case_commands.NoteRepaid, ()),
    ("note_bounced", 1, case_commands.NoteBounced, ()),
    ("add_facts", 1, case_commands.AddFacts, ()),
    ("apply_trail", 1, case_commands.ApplyTrail, ()),
    ("note_hold", 1, case_commands.NoteHold, ()),
    ("confirm_hold", 1, case_commands.ConfirmHold, ()),
    ("note_harm", 1, case_commands.NoteHarm, ()),
    ("note_account_kind", 1, case_commands.NoteAccountKind, ()),
    ("write_order", 1, case_commands.WriteOrder, ()),
    ("agree_to_order", 2, case_commands.AgreeToOrder, (_within("order", _ORDER_1),)),
    ("take_up", 2, case_commands.TakeUp, (_within("order", _ORDER_1),)),
    ("decide_surplus", 1, case_commands.DecideSurplus, ()),
    ("grant_hardship", 1, case_commands.GrantHardship, ()),
    ("lift_cap", 1, case_commands.LiftCap, ()),
    ("swap_account", 1, case_commands.SwapAccount, ()),
    ("propose_mandate", 1, case_commands.ProposeMandate, ()),
    ("agree_to_mandate", 1, case_commands.AgreeToMandate, ()),
    ("revoke_mandate", 1, case_commands.RevokeMandate, ()),
    ("propose_finding", 1, case_commands.ProposeFinding, ()),
    ("settle_finding", 1, case_commands.SettleFinding, ()),
    ("make_motion", 1, case_commands.MakeMotion, ()),
    ("settle_motion", 1, case_commands.SettleMotion, ()),
    ("note_opinion", 1, case_commands.NoteOpinion, ()),
    ("file_appeal", 1, case_commands.FileAppeal, ()),
    ("settle_appeal", 1, case_commands.SettleAppeal, ()),
    ("pass_appeal_clock", 1, case_commands.PassAppealClock, ()),
    ("send_notice", 1, case_commands.SendNotice, ()),
    ("defer_notice", 1, case_commands.DeferNotice, ()),
    ("end_deferral", 1, case_commands.EndDeferral, ()),
    ("record_foreign_answer", 1, case_commands.RecordForeignAnswer, ()),
    ("pass_foreign_clock", 1, case_commands.PassForeignClock, ()),
    ("join_case", 1, case_commands.JoinCase, ()),
    ("enter_report", 1, EnterReport, ()),
    ("enter_claim", 1, EnterClaim, ()),
    ("offer_handover", 1, case_commands.OfferHandover, ()),
    ("accept_handover", 1, case_commands.AcceptHandover, ()),
    ("decline_handover", 1, case_commands.DeclineHandover, ()),
    ("withdraw_handover", 1, case_commands.WithdrawHandover, ()),
    ("raise_escalation", 1, case_commands.RaiseEscalation, ()),
    ("pass_escalation", 1, case_commands.PassEscalation, ()),
    ("settle_escalation", 1, case_commands.SettleEscalation, ()),
    ("enter_account", 2, EnterAccount, (_with("is_renamed", False),)),
    ("read_personal", 1, ReadPersonal, ()),
    (
        "enter_foreign",
        3,
        import_commands.EnterForeign,
        (_with_no_stops, _within("foreign", _FOREIGN_1)),
    ),
    ("note_import", 1, import_commands.NoteImport, ()),
    ("list_subject", 1, list_commands.ListSubject, ()),
    ("agree_to_entry", 1, list_commands.AgreeToEntry, ()),
    ("withdraw_entry", 1, list_commands.WithdrawEntry, ()),
    ("pass_entry_end", 1, list_commands.PassEntryEnd, ()),
    ("check_lists", 1, list_commands.CheckLists, ()),
    ("set_up", 1, staff_commands.SetUp, ()),
    ("enrol", 1, staff_commands.Enrol, ()),
    ("open_session", 1, staff_commands.OpenSession, ()),
    ("close_session", 1, staff_commands.CloseSession, ()),
    ("note_failure", 1, staff_commands.NoteFailure, ()),
    ("add_unit", 1, staff_commands.AddUnit, ()),
    ("add_person", 1, staff_commands.AddPerson, ()),
    ("suspend_person", 1, staff_commands.SuspendPerson, ()),
    ("restore_person", 1, staff_commands.RestorePerson, ()),
    ("offer_enrolment", 1, staff_commands.OfferEnrolment, ()),
    ("grant_role", 1, staff_commands.GrantRole, ()),
    ("revoke_role", 1, staff_commands.RevokeRole, ()),
    ("assign_duty", 1, staff_commands.AssignDuty, ()),
    ("name_acting_approver", 1, staff_commands.NameActingApprover, ()),
    ("end_duty", 1, staff_commands.EndDuty, ()),
    ("end_acting", 1, staff_commands.EndActing, ()),
    ("hand_over_shift", 1, staff_commands.HandOverShift, ()),
    ("take_over_shift", 1, staff_commands.TakeOverShift, ()),
    ("log_escalation", 1, staff_commands.LogEscalation, ()),
    ("open_return", 1, return_commands.OpenReturn, ()),
    ("open_return_round", 1, return_commands.OpenRound, ()),
    ("take_return_application", 1, return_commands.TakeApplication, ()),
    ("check_return_proof", 1, return_commands.CheckProof, ()),
    ("take_return_application_back", 1, return_commands.TakeApplicationBack, ()),
    ("bind_return_plan", 1, return_commands.BindPlan, ()),
    ("approve_return_plan", 1, return_commands.ApprovePlan, ()),
    ("send_return_plan_back", 1, return_commands.SendPlanBack, ()),
    ("publish_return_notice", 1, return_commands.PublishNotice, ()),
    ("take_return_objection", 1, return_commands.TakeObjection, ()),
    ("settle_return_objection", 1, return_commands.SettleObjection, ()),
    ("pass_return_notice", 1, return_commands.PassNotice, ()),
    ("decide_return_round", 1, return_commands.DecideRound, ()),
    ("end_return_round", 1, return_commands.EndRound, ()),
    ("notify_return_bank", 1, return_commands.NotifyBank, ()),
    ("record_return_acceptance", 1, return_commands.RecordAcceptance, ()),
    ("record_return_demand", 1, return_commands.RecordDemand, ()),
    ("record_return_paid", 1, return_commands.RecordPaid, ()),
    ("record_return_refusal", 1, return_commands.RecordRefusal, ()),
    ("record_return_bounce", 1, return_commands.RecordBounce, ()),
    ("pass_return_pay_limit", 1, return_commands.PassPayLimit, ()),
    ("settle_return_incident", 1, return_commands.SettleIncident, ()),
    ("propose_return_payee", 1, return_commands.ProposePayee, ()),
    ("agree_to_return_payee", 1, return_commands.AgreeToPayee, ()),
    ("give_return_payment_up", 1, return_commands.GivePaymentUp, ()),
    ("note_return_seized", 1, return_commands.NoteSeized, ()),
    ("agree_to_return_seized", 1, return_commands.AgreeToSeized, ()),
    ("end_return_seized", 1, return_commands.EndSeized, ()),
    ("note_return_prior_right", 1, return_commands.NotePriorRight, ()),
    ("end_return_prior_right", 1, return_commands.EndPriorRight, ()),
    ("note_return_interest", 1, return_commands.NoteInterest, ()),
    ("hand_return_over", 1, return_commands.HandOver, ()),
    ("confirm_return_handover", 1, return_commands.ConfirmHandover, ()),
    ("take_return_handover_back", 1, return_commands.TakeHandoverBack, ()),
    ("issue_counter_code", 1, IssueCode, ()),
    ("show_claim", 1, ShowClaim, ()),
    ("write_to_victim", 1, WriteToVictim, ()),
    ("note_letter_sent", 1, written.NoteSent, ()),
    ("issue_return_papers", 1, written.IssuePapers, ()),
    ("propose_measure", 1, measuring.ProposeMeasure, ()),
    ("agree_to_measure", 1, measuring.AgreeToMeasure, ()),
    ("withdraw_measure", 1, measuring.WithdrawMeasure, ()),
    ("confirm_measure", 1, measuring.ConfirmMeasure, ()),
    ("tell_holder", 2, measuring.TellHolder, (_with("is_over", None),)),
    ("prove_holder", 1, measuring.ProveHolder, ()),
    ("appeal_measure", 1, measuring.AppealMeasure, ()),
    ("settle_measure_appeal", 1, measuring.SettleMeasureAppeal, ()),
    ("lift_measure", 1, measuring.LiftMeasure, ()),
    ("pass_measure_appeal", 1, measuring.PassMeasureAppeal, ()),
    ("pass_measure_end", 1, measuring.PassMeasureEnd, ()),
    ("take_lead", 1, dissuading.TakeLead, ()),
    ("note_contact", 1, dissuading.NoteContact, ()),
    ("settle_dissuasion", 1, dissuading.SettleDissuasion, ()),
    ("pass_dissuasion_step", 1, dissuading.PassStep, ()),
    ("pass_dissuasion_end", 1, dissuading.PassDissuasionEnd, ()),
    ("file_decision_appeal", 1, appealing.FileDecisionAppeal, ()),
    ("settle_decision_appeal", 1, appealing.SettleDecisionAppeal, ()),
    ("pass_decision_appeal", 1, appealing.PassDecisionAppeal, ()),
    ("settle_appeal_escalation", 1, escalating.SettleAppealEscalation, ()),
    ("pass_appeal_escalation", 1, escalating.PassAppealEscalation, ()),
)


def _filled(rows: tuple[Row, ...]) -> Registry:
    registry = Registry()
    for name, version, kind, upcasts in rows:
        registry.register(name, version, kind, *upcasts)
    return registry


EVENT_REGISTRY: Final = _filled(EVENTS)
COMMAND_REGISTRY: Final = _filled(COMMANDS)

__all__ = ["COMMANDS", "COMMAND_REGISTRY", "EVENTS", "EVENT_REGISTRY", "Row"]
