"""The rows of a case's statements, each transfer once, with what both sides say of it; it grows by one statement at a time.

What is traced is read off it without changing it: the next answer adds its rows to those that are here. Pure. Tables and
kernels are loaded where they are first asked for: the centre's own process hands cases over, and needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from recoup.centre.facts import ROOT_WITHIN, FactRow, Statement
from recoup.centre.for_value import Trades
from recoup.clock import microseconds_of
from recoup.limits import ROW_MINOR_MAX

if TYPE_CHECKING:
    import polars as pl

    from recoup.centre.case_sheets import Told
    from recoup.trace import Rows

Span = tuple[datetime, datetime]
_Key = tuple[str, int, str]


@dataclass(slots=True, eq=False)
class Shown:
    """A transfer as statements show it, and under which words each account's statement does."""

    first: FactRow
    """The row that showed it first."""
    payer: str
    payee: str
    payer_institution: str
    payee_institution: str
    place: tuple[int, int, str]
    """Where it stands among all: microseconds, sequence, id."""
    by: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)
    payer_balance: int | None = None
    payee_balance: int | None = None
    rail: str = ""

    @classmethod
    def of(cls, row: FactRow, rail: str = "") -> Shown:
        """Return a transfer that a row shows and nothing else yet."""
        return cls(
            row,
            row.payer,
            row.payee,
            row.payer_institution,
            row.payee_institution,
            (microseconds_of(row.at), row.sequence, row.id),
            rail=rail,
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """All transfers of a case in total order, under ids that no two share."""

    shown: Sequence[Shown]
    ids: Sequence[str]
    """Beside `shown`."""
    index: Mapping[Shown, str]
    """Id by transfer."""
    _columns: list[Rows] = field(default_factory=list, init=False, compare=False, repr=False)
    """The transfers as columns, once somebody asked for them."""
    _last_out: dict[tuple[str, str], int] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def number_of(self) -> Callable[[str], str]:
        """What gives the institution's own number of the transfer of an id, '' for none: few are asked for, mostly nobody's."""
        numbers: dict[str, str] = {}

        def number(name: str) -> str:
            if not numbers:
                numbers.update({name: one.first.number for one, name in self.index.items()})
            return numbers.get(name, "")

        return number

    @property
    def last_out(self) -> Mapping[tuple[str, str], int]:
        """By account and currency when, in microseconds, money last left it."""
        if not self._last_out:  # in total order: the last one stays
            self._last_out.update(
                {(one.payer, one.first.currency): one.place[0] for one in self.shown}
            )
        return self._last_out

    @property
    def rows(self) -> Rows:
        """The transfers as columns of what tracing reads; asked again, the same ones."""
        if self._columns:
            return self._columns[0]
        from recoup.trace import Rows

        shown = self.shown
        rows = Rows(
            ids=self.ids,
            times=[one.place[0] for one in shown],
            payers=[one.payer for one in shown],
            payees=[one.payee for one in shown],
            amounts=[one.first.amount for one in shown],
            currencies=[one.first.currency for one in shown],
            kinds=[one.first.kind for one in shown],
            references=[one.first.reference for one in shown],
            payee_institutions=[one.payee_institution for one in shown],
            payer_balances=[one.payer_balance for one in shown],
            payee_balances=[one.payee_balance for one in shown],
        )
        self._columns.append(rows)
        return rows

    @property
    def frame(self) -> pl.DataFrame:
        """The same as a table of transfers."""
        import polars as pl

        from recoup.records import tables

        shown = self.shown
        texts = ("payer", "payee", "payer_institution", "payee_institution", "rail")
        given = ("sequence", "amount", "currency", "kind", "reference")
        columns = {name: [getattr(one, name) for one in shown] for name in texts}
        columns |= {name: [getattr(one.first, name) for one in shown] for name in given}
        balances = ("payer_balance", "payee_balance")
        columns |= {name: [getattr(one, name) for one in shown] for name in balances}
        columns |= {"id": list(self.ids), "time": [one.first.at for one in shown]}
        nothing = dict.fromkeys(("payer_name", "payee_name", "reverses"), "")
        unsaid = dict.fromkeys(("source", "row", "other_source", "other_row"), None)
        empty = {name: [value] * len(shown) for name, value in {**nothing, **unsaid}.items()}
        whole = columns | empty
        return pl.DataFrame({name: whole[name] for name in tables.TRANSFERS}, tables.TRANSFERS)


_Ordered = tuple[int, int, str, Shown]
"""Microseconds, sequence and id, which no two transfers share, and the transfer."""


@dataclass(slots=True)
class CaseLedger:
    """Transfers of all statements that were added, in the order in which they were first shown."""

    shown: list[Shown] = field(default_factory=list)
    institutions: dict[str, str] = field(default_factory=dict)
    """Institution by account."""
    ignored: int = 0
    """Rows that carry nothing."""
    rows: int = 0
    """Rows of statements that were added."""
    accounts: dict[str, None] = field(default_factory=dict)
    """Whose statements were added, with rows or without."""
    begins: dict[str, datetime] = field(default_factory=dict)
    """By account its statements' first row."""
    spans: dict[str, Span] = field(default_factory=dict)
    """By account from its statements' first row to when the last was given, where somebody said when."""
    trades: Trades = field(default_factory=Trades)
    """Who paid whom for what."""
    _alike: dict[_Key, list[Shown]] = field(default_factory=dict)
    _by_amount: dict[int, list[Shown]] = field(default_factory=dict)
    _told_by_other: dict[str, dict[Shown, None]] = field(default_factory=dict)
    """By account the transfers that another's statement showed first."""
    _taken: set[str] = field(default_factory=set)
    _named: dict[Shown, str] = field(default_factory=dict)
    _ordered: list[_Ordered] = field(default_factory=list)
    """Those of `shown` that were listed before, in total order."""
    _newest: Listed | None = None
    """What was listed last, while nothing that is read off it changed and every transfer was shown by a statement."""
    told: tuple[Listed, tuple[object, ...], Told] | None = None
    """What the trail told that was read last, and on which rows and on what else it rested."""

    def add(self, statement: Statement) -> None:
        """Add what a statement says of its own account; what it says of others' is no evidence and carries nothing."""
        account = statement.account
        self.rows += len(statement.rows)
        if self.institutions.get(account) != statement.institution:
            self.institutions[account], self._newest = statement.institution, None
        self.accounts[account] = None
        if statement.rows:
            begins = min(row.at for row in statement.rows)
            self.begins[account] = min(begins, self.begins.get(account, begins))
            if (ends := statement.until) is not None:
                first, last = self.spans.get(account, (begins, ends))
                self.spans[account] = (min(first, begins), max(last, ends))
        again: dict[tuple[_Key, str, str, str, datetime], int] = {}
        for row in statement.rows:
            payer, payee = row.payer, row.payee
            if account not in (payer, payee) or not 0 < row.amount <= ROW_MINOR_MAX:
                self.ignored += 1
                continue
            for side, name in ((payer, row.payer_institution), (payee, row.payee_institution)):
                if side and name and side not in self.institutions:
                    self.institutions[side], self._newest = name, None
            key = (row.reference or row.id, row.amount, row.currency)
            which = (key, payer, payee, row.id, row.at)
            again[which] = times = again.get(which, 0) + 1
            found = self._found(account, row, key, times)
            self.trades.note(account, found.payer, found.payee, row.kind, row.id)
            balance = row.balance_after
            if balance is not None and abs(balance) <= ROW_MINOR_MAX:
                self._note_balance(found, balance, is_payer=payer == account)

    def _note_balance(self, one: Shown, balance: int, *, is_payer: bool) -> None:
        """Note what an account held after a transfer: most answers show again what an earlier one did."""
        if balance == (one.payer_balance if is_payer else one.payee_balance):
            return
        self._newest = None
        if is_payer:
            one.payer_balance = balance
        else:
            one.payee_balance = balance

    def _found(self, account: str, row: FactRow, key: _Key, again: int) -> Shown:
        """Return the transfer that a row shows: two rows of one statement are two, however alike they are.

        `key` is what two statements of one transfer share: its reference, or its number where it has none.
        """
        words = (row.id, row.at, again)
        known = self._alike.get(key)
        if known is None:  # nearly every row: nobody has shown anything like it
            fresh = Shown.of(row)
            fresh.by[account] = words
            self._alike[key] = [fresh]
            self._show(fresh)
            return fresh
        alike = [one for one in known if _is_alike(one, row)]
        mine = [one for one in alike if one.by.get(account) == words]
        other = [
            one
            for one in alike
            if account not in one.by and abs(one.first.at - row.at) <= ROOT_WITHIN
        ]
        other.sort(key=lambda one: (one.first.id != row.id, abs(one.first.at - row.at)))
        found = next(iter((*mine, *other)), None)
        if found is None:
            found = Shown.of(row)
            found.by[account] = words
            known.append(found)
            self._show(found)
        found.by[account] = words
        self._note_names(found, row)
        self._note_sides(found)
        return found

    def _note_names(self, one: Shown, row: FactRow) -> None:
        """Note whom a row names: the one institution may know whom the other does not name."""
        before = (one.payer, one.payee, one.payer_institution, one.payee_institution)
        payer, payee = one.payer or row.payer, one.payee or row.payee
        payer_institution = one.payer_institution or row.payer_institution
        payee_institution = one.payee_institution or row.payee_institution
        if before != (payer, payee, payer_institution, payee_institution):
            self._newest = None
            one.payer, one.payee = payer, payee
            one.payer_institution, one.payee_institution = payer_institution, payee_institution

    def _show(self, fresh: Shown) -> None:
        self._newest = None
        self.shown.append(fresh)
        self._by_amount.setdefault(fresh.first.amount, []).append(fresh)
        self._note_sides(fresh)

    def _note_sides(self, one: Shown) -> None:
        for side in (one.payer, one.payee):
            if side and side not in one.by:
                self._told_by_other.setdefault(side, {})[one] = None

    def of_amount(self, amount: int) -> Sequence[Shown]:
        """Return the transfers of that amount, in the order in which they were first shown."""
        return self._by_amount.get(amount, ())

    def one_sided(self) -> Iterator[Shown]:
        """Yield, some of them twice, all transfers of which a side that has a statement did not show them."""
        for account in self.spans:
            for one in self._told_by_other.get(account, ()):
                if account not in one.by:
                    yield one

    def listed(self, told: Sequence[Shown] = ()) -> Listed:
        """Return all transfers in total order, and with them those that only reports show."""
        if self._newest is not None and not told:
            return self._newest
        self._name(self.shown[len(self._named) :], self._taken, self._named, self._ordered)
        self._ordered.sort()  # what was listed before is in order already: what is new is merged into it
        taken, named, ordered = self._taken, self._named.copy(), self._ordered
        if told:
            taken, ordered = set(taken), list(ordered)
            self._name(told, taken, named, ordered)
            ordered.sort()
        shown, ids = [one for *_, one in ordered], [name for _, _, name, _ in ordered]
        found = Listed(shown, ids, named)
        self._newest = None if told else found
        return found

    @staticmethod
    def _name(
        fresh: Sequence[Shown], taken: set[str], named: dict[Shown, str], ordered: list[_Ordered]
    ) -> None:
        """Give each transfer an id that no other has; two institutions may give two transfers one number."""
        for one in fresh:
            name = one.first.id
            while name in taken:
                name += "'"
            taken.add(name)
            named[one] = name
            ordered.append((*one.place[:2], name, one))


def _is_alike(known: Shown, row: FactRow) -> bool:
    """Whether both name the same parties; one that is not named may be any, if the other is the same."""
    payers, payees = {known.payer, row.payer}, {known.payee, row.payee}
    return (
        (len(payers) == 1 or "" in payers)
        and (len(payees) == 1 or "" in payees)
        and (
            (len(payers - {""}) == 1 == len(payers) or len(payees - {""}) == 1 == len(payees))
            or _is_one_leg(known, row)
        )
    )


def _is_one_leg(known: Shown, row: FactRow) -> bool:
    """Whether each side names only its own account, under one serial number, and both name the same payee's institution.

    So a payment between institutions looks [account-notice-2019]: neither knows whose account it is at the other. Words that a
    payer writes, such as "rent", are no number and join nothing: two payments of one sum may both have them.
    """
    payers = {known.payer_institution, row.payer_institution} - {""}
    is_same_payee = known.payee_institution == row.payee_institution != ""
    is_number = any(sign.isdigit() for sign in row.reference)
    return is_same_payee and len(payers) < 2 and is_number and bool(known.first.reference)


__all__ = ["CaseLedger", "Listed", "Shown", "Span"]
