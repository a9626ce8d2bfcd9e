"""A whole watch as bytes and back: state, patterns, stolen money, what waits, budgets, ids and answers, its place in the log.

The same watch gives the same bytes, and what is restored decides as the one that went on would have. A digest finds accidents,
not forgers; so numbers that kernels use as places are looked at besides, each part by the room that it belongs to. Rules, model
and policy are not in it: they are given again, and must be those that it was made with.
"""

# ruff: noqa: SLF001 - the other half of Watch: it reads and lays all that one is
from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, Final, get_args

import msgspec
import numpy as np

from recoup import limits
from recoup.errors import InputFault, StateFault, StateProblem
from recoup.watch.decision import Policy
from recoup.watch.model import Model
from recoup.watch.patterns import Patterns
from recoup.watch.rules import RuleSet
from recoup.watch.state import Settings, Shard
from recoup.watch.stolen import Copy, FlowRows, StolenFlow
from recoup.watch.stream import Waiting, rows_of_flow
from recoup.watch.told import What, key_of
from recoup.watching.answered import AnsweredColumns, answered_of, columns_of_known
from recoup.watching.before import MAGIC_BEFORE, in_columns
from recoup.watching.deciding import Watch
from recoup.watching.decision_log import Lines

_MAGIC: Final = b"recoup-watch 2\n"
_DIGEST_BYTES: Final = 32
_LENGTHS: Final = Struct("<QQQ")
_TOTALS: Final = ("into", "out", "first", "last", "standing")
_WHATS: Final[dict[str, Any]] = {one.__name__: one for one in get_args(What)}
"""Every kind of change: one that is not here could be written and never read again."""


class _Flow(msgspec.Struct, array_like=True):
    """Rows of stolen money, of the pockets that have a number and of the outside."""

    totals: dict[str, bytes]
    rows: bytes
    state: bytes
    money: bytes
    origin: str
    version: int
    digest: bytes
    told: list[tuple[int, str, Any]]
    own_us: list[tuple[int, str, Any]]


class _Whole(msgspec.Struct, array_like=True):
    """A watch; what there is one of for each account or payment stands in columns."""

    opening: dict[str, Any]
    counters: bytes
    taken: int
    waiting: list[Waiting]
    flow: _Flow | None
    accounts: list[str]
    """By number of pocket."""
    currencies: bytes
    """int16 by number of pocket: place of its currency."""
    listed: dict[str, list[str]]
    answered: AnsweredColumns
    waiting_ids: list[tuple[int, str]]
    booked: list[str]
    booked_rows: bytes
    """int64 each: numbers of the rows that those were booked in."""
    log_digest: str
    ended: list[tuple[str, str, int, list[tuple[str, str]]]] = []
    """What became of payments that waited; a snapshot of before says nothing of it."""
    appealed: list[tuple[str, str, int, list[tuple[str, str]]]] = []


def snapshot_of(watch: Watch) -> bytes:
    """Return a watch as bytes: the same watch, the same bytes."""
    stream = watch.stream
    accounts, currencies = watch._pockets.columns()
    oldest_us = stream.shard.clock - watch._ids.kept_us
    booked, rows = list[str](), list[int]()
    if watch.copy is not None:
        booked, rows = watch._rows.retained(watch.copy.flow.index.oldest)
    whole = _Whole(
        watch.opening(),
        stream.counters.tobytes(),
        stream.taken,
        sorted(stream.waiting.values()),
        None if watch.copy is None else _flow(watch, watch.copy),
        accounts,
        currencies,
        {name: list(some) for name, some in watch._listed.items()},
        columns_of_known(watch._ids, oldest_us, watch._pockets, tuple(watch._currencies)),
        sorted(watch._waiting.items()),
        booked,
        np.array(rows, "<i8").tobytes(),
        "" if watch.log is None else watch.log.digest,
        *watch._became.rows(),
    )
    rings = None if stream.patterns is None else stream.patterns.snapshot()
    return _sealed(whole, stream.shard.snapshot_pieces(), rings)


def _sealed(whole: _Whole, shard: Sequence[bytes | memoryview], rings: bytes | None) -> bytes:
    """Return a snapshot's bytes. Shard and rings are the most of it, and have digests of their own: these stand for them."""
    body = msgspec.msgpack.encode(whole)
    lengths = _LENGTHS.pack(len(body), sum(map(len, shard)), len(rings or b""))
    digest = _digest(lengths, body, shard[-1], rings or b"")
    return b"".join([_MAGIC, digest, lengths, body, *shard, rings or b""])


def _digest(lengths: bytes, body: Any, shard: Any, rings: Any) -> bytes:  # noqa: ANN401 - any bytes
    digest = sha256(lengths)
    for part in (body, shard[-_DIGEST_BYTES:], rings[-_DIGEST_BYTES:]):
        digest.update(part)
    return digest.digest()


def _flow(watch: Watch, copy: Copy) -> _Flow:
    """Return what is known of stolen money; of pockets that have no number nothing is."""
    rows, count = rows_of_flow(copy.flow).stream, len(watch._pockets)
    kept = np.r_[0:count, len(rows.into) - 1]
    return _Flow(
        {name: getattr(rows, name)[kept].tobytes() for name in _TOTALS},
        rows.rows[: rows.state[0]].tobytes(),
        rows.state.tobytes(),
        copy.flow.snapshot(),
        copy.origin,
        copy.version,
        copy.digest,
        [
            (time_us, type(what).__name__, msgspec.to_builtins(what))
            for time_us, what in copy.told.values()
        ],
        [(time_us, key[0], list(key[1:])) for key, time_us in copy._own_us.items()],
    )


def restored(
    given: bytes | memoryview,
    *,
    rules: RuleSet | None = None,
    model: Model | None = None,
    policy: Policy | None = None,
    is_ours: Callable[[str], bool] = lambda _: True,
    log: Lines | None = None,
) -> Watch:
    """Return the watch of a snapshot; `StateFault` for bytes that are none, are damaged, or were made with other versions.

    Args:
        given: the bytes.
        rules: those that it was made with; so are `model`, `policy` and `is_ours`.
        model: the same.
        policy: the same.
        is_ours: the same.
        log: goes on behind the line of the snapshot; its digest is set.
    """
    whole, kept, rings = _opened(given)
    try:
        watch = _laid(whole, kept, rings, rules, model, policy, is_ours)
    except (InputFault, AssertionError, LookupError, TypeError, ValueError, OverflowError) as fault:
        raise _damaged(str(fault)) from fault
    if log is not None:
        log.digest = whole.log_digest
        watch.log = log
    return watch


def log_digest_of(given: bytes) -> str:
    """Return the digest of the log's last line when a snapshot was made; "" without a log."""
    return _opened(given)[0].log_digest


def _opened(given: bytes | memoryview) -> tuple[_Whole, bytes | memoryview, bytes | None]:
    """Return the parts of a snapshot: what is packed, the shard's own bytes, and those of the rings."""
    view, at = memoryview(given), len(_MAGIC) + _DIGEST_BYTES
    magic, digest = bytes(view[: len(_MAGIC)]), view[len(_MAGIC) : at]
    try:
        if magic == MAGIC_BEFORE:
            _look_at(sha256(view[at:]).digest() == digest, "its digest differs")
            body, shard, rings = in_columns(view[at:])
            return msgspec.msgpack.decode(body, type=_Whole), shard, rings
        if magic != _MAGIC:
            raise StateFault(StateProblem.SNAPSHOT_FOREIGN, "not the bytes of a watch")
        lengths, at = view[at : at + _LENGTHS.size], at + _LENGTHS.size
        _look_at(len(lengths) == _LENGTHS.size, "its length")
        ends = [at + sum(_LENGTHS.unpack(lengths)[: n + 1]) for n in range(3)]
        _look_at(ends[-1] == len(view), "its length")
        parts = view[at : ends[0]], view[ends[0] : ends[1]], view[ends[1] :]
        _look_at(_digest(bytes(lengths), *parts) == digest, "its digest differs")
        whole = msgspec.msgpack.decode(parts[0], type=_Whole)
    except (msgspec.DecodeError, RecursionError, LookupError, TypeError, ValueError) as fault:
        raise _damaged("its parts") from fault
    return whole, parts[1], bytes(parts[2]) or None


def settings_of(said: dict[str, Any]) -> Settings:
    """Return settings as JSON has them, which knows no tuples."""
    found = dict(said)
    for name in ("zone", "night", "limits_minor"):
        found[name] = tuple(tuple(x) if isinstance(x, list) else x for x in found[name])
    return Settings(**found)


def _laid(
    whole: _Whole,
    kept: bytes | memoryview,
    rings: bytes | None,
    rules: RuleSet | None,
    model: Model | None,
    policy: Policy | None,
    is_ours: Callable[[str], bool],
) -> Watch:
    said = whole.opening
    shard = Shard.restore(kept, most=said["accounts_max"])
    watch = Watch(
        rules=rules,
        model=model,
        policy=policy,
        currencies=tuple(said["currencies"]),
        settings=settings_of(said["settings"]),
        accounts_max=said["accounts_max"],
        rows_followed=said["rows_followed"],
        catch_seconds=said["catch_seconds"],
        ids_seconds=said["ids_seconds"],
        is_ours=is_ours,
        patterns=None if rings is None else Patterns.restore(rings),
        shard=shard,
    )
    own = watch.opening()["versions"]
    if own != said["versions"]:
        raise StateFault(StateProblem.SNAPSHOT_FOREIGN, "made with other rules, model or policy")
    _look_at(shard.settings == settings_of(said["settings"]), "its settings")
    _look_at(len(whole.accounts) <= min(said["accounts_max"], shard.accounts), "its accounts")
    patterns = watch.stream.patterns
    _look_at((patterns is None) == (rings is None), "its rings")
    _look_at(patterns is None or patterns.pockets <= shard.accounts, "its rings")
    watch._pockets.put(whole.accounts, whole.currencies)
    _put_money(watch, whole)
    _put_waiting(watch, whole)
    _put_ids(watch, whole.answered)
    watch.lists(whole.listed)
    return watch


def _put_ids(watch: Watch, columns: AnsweredColumns) -> None:
    """Lay the ids that are still known, with what was asked and the first answer."""
    answered = answered_of(columns, watch._pockets.accounts, tuple(watch._currencies))
    watch._ids.put(answered, columns.ids, watch.stream.shard.clock)
    _look_at(len(watch._ids) == len(columns.ids), "an id twice")


def _put_waiting(watch: Watch, whole: _Whole) -> None:
    counters, waiting = np.frombuffer(whole.counters), whole.waiting
    pockets = watch.stream.shard.accounts
    for one in waiting:
        fits = all(-1 <= side < pockets for side in (one.payer, one.payee))
        fits = fits and 0 < one.amount <= limits.ROW_MINOR_MAX and 0 <= one.number < whole.taken
        _look_at(fits, "a payment that waits")
    _look_at(len(waiting) <= limits.WATCH_WAITING_MAX, "payments that wait")
    _look_at(bool(np.isfinite(counters).all()) and counters.shape == (3,), "its budgets")
    watch.stream.go_on_from(whole.taken, waiting, counters)
    watch._became.lay(whole.ended, whole.appealed)
    watch._waiting = dict(whole.waiting_ids)
    watch._numbers = {id_: number for number, id_ in whole.waiting_ids}


def _put_money(watch: Watch, whole: _Whole) -> None:
    """Lay the rows of stolen money, and the money on them."""
    said, copy = whole.flow, watch.copy
    _look_at((said is None) == (copy is None), "its stolen money")
    if said is None or copy is None:
        return
    index = rows_of_flow(copy.flow)
    _put_rows(index, said, len(whole.accounts))
    flow = StolenFlow.restore(index, said.money)
    flow.measures.zone = watch.stream.shard.settings.zone
    watch.stream.flow = flow
    watch.copy = made = Copy(flow, watch, version=said.version, digest=said.digest)
    made.origin = (
        said.origin
    )  # when it was confirmed is not kept: it is old until the centre speaks
    _put_booked(watch, index, whole)
    for time_us, name, what in said.told:
        one = msgspec.convert(what, type=_WHATS[name], strict=True)
        made.told[key_of(one)] = time_us, one
    made._own_us = {(kind, *rest): time_us for time_us, kind, rest in said.own_us}


def _put_booked(watch: Watch, index: FlowRows, whole: _Whole) -> None:
    """Lay which payment was booked in which row."""
    rows = np.frombuffer(whole.booked_rows, "<i8")
    _look_at(len(rows) == len(whole.booked), "rows of payments")
    within = not len(rows) or index.oldest <= rows[0] <= rows[-1] <= index.newest
    _look_at(bool((np.diff(rows) > 0).all()) and bool(within), "rows of payments")
    watch._rows.add(whole.booked, rows.tolist())


def _put_rows(index: FlowRows, said: _Flow, count: int) -> None:
    """Put rows and totals into an empty index; what a kernel uses as a place is looked at."""
    stream = index.stream
    for name in _TOTALS:
        array = getattr(stream, name)
        given = np.frombuffer(said.totals[name], array.dtype)
        _look_at(len(given) == count + 1, "its totals")
        array[:count], array[-1] = given[:-1], given[-1]
    used, base = np.frombuffer(said.state, np.int64).tolist()
    rows = np.frombuffer(said.rows, stream.rows.dtype)
    _look_at(used == len(rows) <= len(stream.rows) and base >= 0, "its rows")
    stream.rows[:used], stream.state[:] = rows, (used, base)
    newest, numbers = base + used - 1, base + np.arange(used)
    for name in ("into", "out"):
        _look_at(_within(getattr(stream, name), 0, 2**62), "its totals")
    _look_at(_within(stream.standing, 0, 2), "who is ours")
    for name in ("first", "last"):
        _look_at(_within(getattr(stream, name), -1, newest), "its chains")
    for name in ("payer", "payee"):
        side, step = rows[name], rows[f"{name}_next"].astype(np.int64)
        _look_at(_within(side, -1, count - 1) and _within(step, 0, used), "its rows")
        after = numbers + step
        _look_at(bool((after <= newest).all()), "its chains")
        then = rows[np.clip(after - base, 0, max(0, used - 1))] if used else rows
        leads = (step == 0) | (then["payer"] == side) | (then["payee"] == side)
        _look_at(bool(leads.all()), "its chains")
    _look_at(_within(rows["amount"], 1, limits.ROW_MINOR_MAX), "its amounts")


def _within(array: Any, low: int, high: int) -> bool:  # noqa: ANN401 - any array of whole numbers
    return bool(((array >= low) & (array <= high)).all())


def _look_at(holds: bool, what: str) -> None:  # noqa: FBT001 - what is said, and whether it holds
    if not holds:
        raise _damaged(what)


def _damaged(what: str) -> StateFault:
    return StateFault(StateProblem.SNAPSHOT_DAMAGED, what)


__all__ = ["log_digest_of", "restored", "settings_of", "snapshot_of"]
