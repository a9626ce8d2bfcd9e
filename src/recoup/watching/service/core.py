"""The core that really decides: the watch by name behind the service's port. Columns into payments, decisions into columns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

import msgspec
import numpy as np

from recoup.care import MeasureKind
from recoup.errors import StateFault, StateProblem
from recoup.money import ISO_DIGITS, Digits
from recoup.records.kinds import KINDS
from recoup.watch.decision import WAITS, Action, Decision, Ground, Problem, remedy_of
from recoup.watch.features import Side
from recoup.watch.names import Texts
from recoup.watch.rules import RuleSet
from recoup.watch.state import NEVER, OUTSIDE
from recoup.watch.stolen import Measure, Payment, Tiding
from recoup.watch.stream import How
from recoup.watching.asked import Asked
from recoup.watching.columns import Columns
from recoup.watching.deciding import Watch
from recoup.watching.decisions import Decisions
from recoup.watching.service.bodies import instant_text, read_body, write_many
from recoup.watching.service.files import Configuration, opened
from recoup.watching.service.keeping import MEASURE_CODE
from recoup.watching.service.linked import CHAIN, CHANGES, Carried, carry
from recoup.watching.service.plain import read_each, write_each
from recoup.watching.service.port import (
    CANCEL,
    CONFIGURE,
    LAPSE,
    REFUSED,
    RELEASE,
    Answers,
    Batch,
    Extra,
    Listing,
    Reason,
)
from recoup.watching.snapshots import restored, snapshot_of
from recoup.watching.suspects import Paid, Suspects, sides_of

_REFUSALS: Final = {
    Problem.AMOUNT_NOT_POSITIVE: "amount_not_positive",
    Problem.AMOUNT_TOO_LARGE: "amount_too_large",
    Problem.SAME_ACCOUNT: "same_account",
    Problem.ACCOUNT_UNKNOWN: "accounts_too_many",
    Problem.KIND_UNKNOWN: "kind_unknown",
    Problem.TIME_LATE: "time_late",
    Problem.TIME_AHEAD: "time_ahead",
    Problem.SUM_TOO_LARGE: "sum_too_large",
    Problem.CURRENCY_UNKNOWN: "currency_unknown",
    Problem.ID_UNFIT: "payment_id_unfit",
    Problem.ID_TAKEN: "payment_id_taken",
    Problem.FIELD_UNFIT: "text_unfit",
    Problem.ACCOUNTS_MANY: "accounts_too_many",
}
_FIELDS: Final = {"time_us": "time", "facts": "channel"}
_AT_COUNTER: Final[tuple[Mapping[str, float], ...]] = ({}, {"at_counter": 1.0}, {"at_counter": 0.0})
"""By channel: the named fact that rules and measures read."""
_FORM: Final = "recoup watch core 1"
_Kept = tuple[str, bytes, bytes, bytes]
_NOTHING: Final = Configuration(None, None, None, {})
_TOGETHER: Final = 128
"""Payments of a batch by which a watch is warmed: more than are scored in one block."""
_HOLD_CODE: Final = "order-binds"


class WatchCore:
    """`Core` over a `Watch`."""

    def __init__(
        self,
        currencies: tuple[str, ...] = ("CNY",),
        accounts_max: int = 1 << 22,
        rows_followed: int = 0,
        catch_seconds: int = 0,
        digits: Digits = ISO_DIGITS,
        is_ours: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Begin without payments, rules and model; see `Watch` for what is followed, and whose accounts pass here."""
        self.watch = Watch(
            currencies=currencies,
            accounts_max=accounts_max,
            rows_followed=rows_followed,
            catch_seconds=catch_seconds,
            is_ours=is_ours,
        )
        self.saw: Callable[[Iterable[Tiding]], None] = lambda tidings: None  # noqa: ARG005 - named for the reader
        """Hears on the core's thread what payments did to stolen money, in a replay of the log too."""
        self.suspects: Suspects | None = None
        """Hears of every decision that a live rule or model asked for, in a replay of the log too."""
        self.unsaid: Callable[[], bytes] | None = None
        """Returns what whoever hears that has not said on yet: a snapshot has it, since a log behind it tells it no more."""
        self.say_again: Callable[[bytes], None] = lambda unsaid: None  # noqa: ARG005 - named for the reader
        """Hears that after a start."""
        self.appeal_seconds = 0
        """Within which the centre decides on a holder's appeal; 0: there is no way there. Only said, no part of a decision."""
        self.carried: Carried = None
        """What became of the centre's changes that were told last."""
        self._given = (currencies, accounts_max, rows_followed, catch_seconds, digits)
        self._currencies, self._digits, self._is_ours = currencies, digits, is_ours
        self._configured, self._said, self._unsaid = "", b"", b""
        self._sides: tuple[RuleSet | None, dict[str, Side | None]] = (None, {})
        self._lists: dict[str, list[str]] = {}
        self._bound: dict[str, str] = {}
        self._bound_pockets: tuple[tuple[int, ...], ...] = ()

    def warm(self, content: bytes = b"") -> None:
        """Have the compiled parts loaded, by a watch of the same settings that is dropped: the first payment need not wait.

        Any thread may ask. Raises a `Fault` for a configuration that cannot be used.

        Args:
            content: the configuration by which it is to decide; b"": the present one.
        """
        currencies, accounts_max, rows_followed, catch_seconds, digits = self._given
        few = min(rows_followed, _TOGETHER // 2)  # so that rows must be forgotten too
        other = WatchCore(currencies, accounts_max, few, catch_seconds, digits)
        said = content or self._said
        if said:
            other.tell(CONFIGURE, said)
        alone = [("plain",), ("let out",), ("not let out",)]
        together = tuple(f"together {number}" for number in range(_TOGETHER))
        for time_us, ids in enumerate([*alone, together, *alone]):
            count = len(ids)
            batch = Batch(
                [f"{time_us} {id_}" for id_ in ids],
                ["payer"] * count,
                ["payee"] * count,
                [self._currencies[0]] * count,
                [1] * count,
                [time_us] * count,
                [0] * count,
            )
            for is_scored in (True, False):  # late, they come again: ids are looked up
                other.decide(batch, is_scored=is_scored)
                if count >= _TOGETHER:  # of bytes: read, decided, and written
                    _warm_bytes(other, self._currencies[0], time_us, f"{is_scored}")
            flow, payer = other.watch.stream.flow, other.watch.pocket("payer", self._currencies[0])
            if flow is not None and payer is not None:  # what is looked at before it is decided
                flow.measure(payer, Measure("warm", MeasureKind.LOWER_LIMITS, "case", 2, 0))
        late = Batch(["late"], ["payer"], ["payee"], [self._currencies[0]], [1], [len(alone)], [0])
        other.decide(late, is_scored=False)
        other.book(late)  # as a delay that ends or an appeal that is upheld: not asked again
        other.tell(RELEASE, b"late")
        model = other.watch.stream.model
        if model is not None:  # the reasons of a payment that is not allowed
            model.contributions(np.zeros((1, len(model.features.names))))

    def decide(self, batch: Batch, *, is_scored: bool) -> Answers:
        """Answer each payment in turn and book what goes on."""
        made = self.watch.decide(_payments(batch), is_late=not is_scored)
        if made.told:
            self.saw(made.told)
        answers, rows = Answers.blank(len(batch), is_scored=True), made.found.rows
        # What was decided stands in `rows` in the same order, so that most need not be made one by one.
        spoken = (rows["action"] > 0) | (rows["problem"] != 0)
        if isinstance(made.plan, range):
            answers.decisions[:] = rows["action"]
            answers.scores[:] = rows["chance"]
            answers.scored[:] = rows["ground"] != Ground.UNSCORED
            one_by_one = np.flatnonzero(spoken).tolist()
        else:
            places = [at for at, place in enumerate(made.plan) if isinstance(place, int)]
            answers.decisions[places] = rows["action"]
            answers.scores[places] = rows["chance"]
            answers.scored[places] = rows["ground"] != Ground.UNSCORED
            one_by_one = [places[at] for at in np.flatnonzero(spoken).tolist()]
            one_by_one += [at for at, place in enumerate(made.plan) if not isinstance(place, int)]
        for at in one_by_one:
            _tell(answers, at, made[at], self.appeal_seconds)
        if self.suspects is not None:
            self._suspect(self.suspects, batch, made, sorted(one_by_one))
        return answers

    def _suspect(
        self, suspects: Suspects, batch: Batch, made: Decisions, places: list[int]
    ) -> None:
        rules = self.watch.stream.rules
        if rules is not self._sides[0]:
            self._sides = rules, sides_of(rules)
        for at in places:
            paid = Paid(
                batch.ids[at],
                int(batch.times_us[at]),
                batch.payers[at],
                batch.payees[at],
                batch.currencies[at],
                int(batch.amounts[at]),
            )
            suspects.saw(paid, made[at], self._sides[1])

    def knows_any(self, payment_ids: Sequence[str]) -> bool:
        """Return whether a payment of any of these ids was answered."""
        return self.watch.knows_any(payment_ids)

    def book(self, batch: Batch) -> None:
        """Book payments that went on although they were to wait, or to be refused."""
        stream = self.watch.stream
        for one, kind in zip(_all_asked(batch), batch.kinds, strict=True):
            id_, time_us, payer, payee, amount, currency = one[:6]
            assert isinstance(time_us, int), "as columns have it"
            made = self.watch.decide([one])
            self.saw(made.told)
            decision = made[0]
            if decision.action in WAITS:
                ended = self.watch.release(id_, max(time_us, stream.shard.clock))
                self.saw(ended.told)
                if ended and ended[-1].ended.how is How.RELEASED:
                    continue  # else an order or a measure binds it, and it went on all the same
            sides = [self._pocket(payer, currency), self._pocket(payee, currency)]
            self.saw(stream.book(Payment(time_us, sides[0], sides[1], amount), kind))
            self.watch.went_on(id_, stream.shard.clock)

    def _pocket(self, account: str, currency: str) -> int:
        found = self.watch.pocket(account, currency)
        return OUTSIDE if found is None else found

    def tell(self, name: str, body: bytes) -> str:
        """Take in what is no payment."""
        if name in {CHANGES, CHAIN}:
            self.carried = carry(self.watch, name, body)
            self._let_go()
            return ""
        if name in {RELEASE, CANCEL}:
            return self._end(name, body.decode())
        if name == LAPSE:
            self.saw(self.watch.advance(int(body)).told)
            return ""
        if name != CONFIGURE:
            raise StateFault(StateProblem.SETTING_WRONG, f"nothing is called {name!r}")
        self._configure(opened(body, self._currencies, self._digits))
        self._configured, self._said = hashlib.sha256(body).hexdigest(), body
        return ""

    def _let_go(self) -> None:
        """Let payments go on whose holders' appeals were upheld; what waits no more, or is bound by an order, does not."""
        copy = self.watch.copy
        assert copy is not None, "changes were taken"
        numbers, now_us = tuple(copy.upheld), self.watch.stream.shard.clock
        copy.upheld.clear()
        for number in numbers if now_us != NEVER else ():
            self.saw(self.watch.release(number, now_us).told)

    def _end(self, name: str, id_: str) -> str:
        """End a payment that waits, as of the latest payment: whoever asks cannot move the stream's clock."""
        now_us = self.watch.stream.shard.clock
        act = self.watch.release if name == RELEASE else self.watch.cancel
        ended = How.NOT_WAITING
        if now_us != NEVER:  # else nothing came yet
            found = act(id_, now_us)
            self.saw(found.told)
            ended = found[-1].ended.how
        return ended.value

    def due(self, now_us: int) -> int | None:
        """Return up to which instant time must pass for all that waits and is over to end."""
        found = self.watch.stream.due(now_us)
        clock = self.watch.stream.shard.clock
        return None if found is None else max(found, clock)  # a proof that came is due at once

    def _configure(self, content: Configuration) -> None:
        watch = self.watch.configured(content.rules, content.model, content.policy)
        watch.lists(content.lists)
        self.watch, self._lists = watch, content.lists

    def listings(self, accounts: Sequence[str]) -> list[Listing]:
        """Return what is known of accounts."""
        bound = self.bound()
        names = {name: frozenset(some) for name, some in self._lists.items()}
        return [
            Listing(tuple(name for name, some in names.items() if one in some), one in bound)
            for one in accounts
        ]

    def bound(self) -> Mapping[str, str]:
        """Return the accounts whose debits an order binds, stolen money that is caught, or a measure."""
        flow = self.watch.stream.flow
        if flow is None:
            return self._bound
        pockets = tuple(sorted(pocket for pocket, some in flow.bindings.items() if some))
        measured = tuple(sorted(flow.measures.by_pocket)) if flow.measures.by_pocket else ()
        if (pockets, measured) != self._bound_pockets:
            names = self.watch.accounts_of
            self._bound_pockets = pockets, measured
            self._bound = dict.fromkeys(names(measured), MEASURE_CODE)
            self._bound = self._bound | dict.fromkeys(names(pockets), _HOLD_CODE)
        return self._bound

    def versions(self) -> Mapping[str, str]:
        """Return the digests of what decides."""
        found = self.watch.stream.versions
        named = {"model": found.model, "rules": found.rules, "policy": found.policy}
        return {**named, "features": found.features, CONFIGURE: self._configured}

    def snapshot(self) -> bytes | None:
        """Return the whole watch, what it is configured with, and what was not said on yet."""
        unsaid = self._unsaid if self.unsaid is None else self.unsaid()
        return msgspec.msgpack.encode((_FORM, self._said, snapshot_of(self.watch), unsaid))

    def restore(self, given: bytes) -> None:
        """Take a snapshot; raises a `Fault` for bytes that are none, and changes nothing then."""
        try:
            form, said, kept, unsaid = msgspec.msgpack.decode(given, type=_Kept)
        except msgspec.DecodeError as error:
            raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "its parts") from error
        if form != _FORM:
            raise StateFault(StateProblem.SNAPSHOT_FOREIGN, f"expected {_FORM!r}")
        content = opened(said, self._currencies, self._digits) if said else _NOTHING
        watch = restored(
            kept,
            rules=content.rules,
            model=content.model,
            policy=content.policy,
            is_ours=self._is_ours,
        )
        wanted, found = self.watch.opening(), watch.opening()
        if any(wanted[name] != found[name] for name in wanted if name != "versions"):
            raise StateFault(StateProblem.SNAPSHOT_FOREIGN, "made with other settings")
        self.say_again(unsaid)
        self.watch, self._lists, self._said = watch, content.lists, said
        self._unsaid, self.carried = unsaid, None
        self._configured = hashlib.sha256(said).hexdigest() if said else ""
        self._bound, self._bound_pockets = {}, ()


def _payments(batch: Batch) -> Columns | list[Asked]:
    """Return payments as the watch takes them: columns, but rows where one says where it was made."""
    if any(batch.channels):
        return list(_all_asked(batch))
    return Columns(
        batch.ids,
        np.asarray(batch.times_us, np.int64),
        batch.payers,
        batch.payees,
        np.asarray(batch.amounts, np.int64),
        batch.currencies,
        np.asarray(batch.kinds, np.int8),
    )


def _warm_bytes(core: WatchCore, code: str, time_us: int, name: str) -> None:
    """Have a batch of bytes go its whole way."""
    row = {"amount": "1.00", "currency": code, "payer": "payer", "payee": "payee"}
    time = instant_text(time_us)
    rows = [{"id": f"{name} {n}", "time": time, **row} for n in range(_TOGETHER)]
    body = msgspec.json.encode({"payments": rows})
    given = read_body(body, is_batch=True, digits=Digits({code: 2}))
    answers = core.decide(given.batch, is_scored=True)
    write_many(given.ids, answers)
    if read_each([msgspec.json.encode(row) for row in rows])[0] is not None:
        write_each(cast("Texts", given.ids), answers)


def _all_asked(batch: Batch) -> Iterator[Asked]:
    for row in zip(*batch.whole, strict=True):
        id_, payer, payee, currency, amount, time_us, kind, channel = row
        asked = Asked(id_, time_us, payer, payee, amount, currency, KINDS[kind])
        yield asked._replace(facts=_AT_COUNTER[channel]) if channel else asked


def _tell(answers: Answers, at: int, decision: Decision, appeal_seconds: int) -> None:
    """Write one decision into its row."""
    answers.scores[at] = np.nan if decision.chance is None else decision.chance
    answers.scored[at] = decision.ground is not Ground.UNSCORED
    answers.repeats[at] = decision.is_repeat
    if decision.ground is Ground.INPUT:
        answers.decisions[at] = REFUSED
        field = _FIELDS.get(decision.field, decision.field)
        answers.extras[at] = Extra(_REFUSALS[decision.problem], field)
        return
    answers.decisions[at] = decision.action
    if decision.action is not Action.ALLOW:
        reasons = [Reason(one.code, one.english, one.chinese) for one in decision.causes]
        until_us, said = decision.expires_us, (decision.action.name, decision.ground.name)
        remedy = remedy_of(decision.id, *said, until_us, appeal_seconds)
        answers.extras[at] = Extra(reasons=tuple(reasons), expires_us=until_us, remedy=remedy)


__all__ = ["WatchCore"]
