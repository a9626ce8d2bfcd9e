"""Holders who object, and how it is decided: by what the statements show, by a person who made no order about the account.

Whether a holder objects is a thing of the play (those who lent an account keep quiet); the decision sees statements only.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from math import log
from random import Random
from typing import Final

from recoup.cases.commands import SettleAppeal
from recoup.cases.decided import Appeal
from recoup.cases.events import AppealFiled
from recoup.cases.state import AppealTrigger
from recoup.centre.commands import Done
from recoup.clock import microseconds_of
from recoup.ids import SubjectId
from recoup.messages import AnswerMessage, AppealMessage, NoticeMessage, SightingMessage
from recoup.rehearse.country import HolderKind
from recoup.rehearse.office.branch import Branch
from recoup.rehearse.office.centre import Centre
from recoup.rehearse.office.desk import Desk
from recoup.rehearse.office.staff import JUDGE, Staff
from recoup.rehearse.office.terms import OfficeTerms
from recoup.rehearse.play.happened import Appealed
from recoup.stores.vault import Purpose

_OBJECTING: Final = frozenset(
    {HolderKind.PERSON, HolderKind.FIRM, HolderKind.MERCHANT, HolderKind.DESK}
)
_PASSED_WITHIN: Final = timedelta(hours=6)
_PASSED_PERCENT: Final = 50
_SIGMA: Final = 0.5
_LETTERS: Final = 100
_SOON: Final = 3
"""An appeal is decided after a third of its clock, as the median."""


class Appeals:
    """Objections of one play."""

    def __init__(self, centre: Centre, staff: Staff, desk: Desk, terms: OfficeTerms) -> None:
        self._centre, self._staff, self._desk, self._terms = centre, staff, desk, terms
        self._kinds = centre.stage.country.accounts.holder_kind.tolist()
        self._coming: set[str] = set()
        """Accounts whose holder is on the way with an objection."""
        self._objected: set[tuple[str, str]] = set()
        """Case and account number of what was objected to: once each."""
        self._whose: dict[tuple[str, str], str] = {}
        """Whose each statement of a case is, of those that were opened."""
        centre.on_event.append(self._event)

    def held(self, branch: Branch, number: str, case: str) -> None:
        """A hold began: its holder, who objects or does not, whichever case holds, may come some time later."""
        account = self._centre.names.number(number)
        if number in self._coming or (case, number) in self._objected:
            return
        if HolderKind(self._kinds[account]) not in _OBJECTING:
            return
        seed = self._centre.stage.country.seed
        share = Random(f"{seed}/appeal/{number}").random()  # noqa: S311 - a seed, not secrecy
        if share >= self._terms.appealing:
            return
        self._coming.add(number)
        chance = Random(f"{seed}/appeal/{case}/{number}")  # noqa: S311 - as above
        wait = int(chance.lognormvariate(log(max(1, self._terms.appeal_after_us)), _SIGMA))
        at = self._centre.stage.now_us + wait
        self._centre.stage.at(at, partial(self._objects, branch, number))

    def _objects(self, branch: Branch, number: str) -> None:
        """File objections at the institution to all that is held there then, for whichever case; have the centre hear of it."""
        self._coming.discard(number)
        for one in branch.held(number, self._centre.stage.country.currency):
            place = (one.case, number)
            if one.held and place not in self._objected:
                self._objected.add(place)
                branch.agent.file_appeal(one.order, "this is my money")
        self.collect(branch)

    def collect(self, branch: Branch) -> None:
        """Take in what an institution says of its own accord: holders that were told, and their objections."""
        while found := branch.agent.waiting(_LETTERS):
            for place, message in found:
                kinds = (NoticeMessage, AppealMessage, AnswerMessage, SightingMessage)
                assert isinstance(message, kinds), "nothing else is said"
                self._centre.answers.hear(branch.name, message)
                branch.agent.handed_over(place)
        self._centre.settle()

    def _event(self, subject: SubjectId, event: object) -> None:
        if isinstance(event, AppealFiled):
            terms = self._terms
            median = terms.appeal_clock_us // _SOON
            wait = self._desk.drawn(f"appeal/{subject}/{event.appeal.account}", median, _SIGMA)
            wait = min(wait, terms.appeal_clock_us * 9 // 10)
            filed_us, account = microseconds_of(event.appeal.filed_at), event.appeal.account
            number = self._centre.number_of(account)
            self._centre.stage.say(Appealed(filed_us, filed_us, number, is_granted=False))
            at = self._centre.stage.now_us + wait
            self._centre.stage.at(at, partial(self._decides, str(subject), event.appeal))

    def _decides(self, case_id: str, appeal: Appeal) -> None:
        """Free what is held unless the statement shows that money was passed on as it came."""
        is_granted = not self._is_passed_on(case_id, appeal.account)
        trigger = AppealTrigger.UPHOLD if is_granted else AppealTrigger.DENY
        reason = "money of its own kind" if is_granted else "passed on as it came"
        settle = SettleAppeal(appeal.id, trigger, JUDGE, 0, reason)
        if not isinstance(self._staff.ask(JUDGE, settle, case_id), Done):
            return
        self._centre.settle()
        self._desk.give_up(case_id)
        account = self._centre.number_of(appeal.account)
        filed = microseconds_of(appeal.filed_at)
        now = self._centre.stage.now_us
        self._centre.stage.say(Appealed(filed, now, account, is_granted))

    def _is_passed_on(self, case_id: str, account: str) -> bool:
        """Whether most of what came to an account left it within hours, and the account had not half as much besides."""
        case, directory = self._centre.state.case(case_id), self._centre.directory
        purpose = Purpose(JUDGE, case_id, "an appeal")
        # Of a case's hundreds of statements a few are of this account: the others are opened once, not at each objection.
        wanted = [x for x in case.facts if self._whose.get((case_id, x), account) == account]
        statements = directory.statements(case_id, wanted, purpose)
        for digest, statement in zip(wanted, statements, strict=True):
            self._whose[case_id, digest] = statement.account
        rows = {
            row.id: row
            for statement in statements
            if statement.account == account
            for row in statement.rows
        }
        came = [row for row in rows.values() if row.payee == account]
        if not came:
            return False
        first = min(row.at for row in came)
        soon = [row for row in rows.values() if row.at - first <= _PASSED_WITHIN]
        left = sum(row.amount for row in soon if row.payer == account)
        lowest = min(
            (row.balance_after for row in soon if row.balance_after is not None), default=0
        )
        most = _PASSED_PERCENT * sum(row.amount for row in came)
        # Who had half as much left, all the while, paid out of what was there before.
        return 100 * left > most and 100 * lowest <= most


__all__ = ["Appeals"]
