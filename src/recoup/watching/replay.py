"""Replays a log of decisions: the same messages through a new watch give the same lines, to the last digest. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Policy
from recoup.watch.model import Model
from recoup.watch.rules import RuleSet
from recoup.watch.state import Told
from recoup.watching.asked import Asked
from recoup.watching.deciding import Watch
from recoup.watching.decision_log import Line, Lines, change_of, read_log
from recoup.watching.snapshots import restored, settings_of


class Replayed(NamedTuple):
    """A log that gave the same lines again."""

    lines: int
    digest: str
    watch: Watch
    """In the state after the last line: what a service goes on with."""


def replay(
    path: Path,
    *,
    rules: RuleSet | None = None,
    model: Model | None = None,
    policy: Policy | None = None,
    is_ours: Callable[[str], bool] = lambda _: True,
    snapshot: bytes | None = None,
) -> Replayed:
    """Decide a log again; `StateFault` for a damaged log, other versions, or the first line that differs.

    Args:
        path: of the log.
        rules: those that the log was written with; so are `model`, `policy` and `is_ours`.
        model: the same.
        policy: the same.
        is_ours: the same.
        snapshot: of the watch at one of the lines: only those behind it are decided again.
    """
    lines = read_log(path)
    first = next(lines, None)
    if first is None or first.at != "opened":
        raise StateFault(StateProblem.LOG_DAMAGED, f"{path}: expected the line that opens a log")
    again = Lines()
    wanted, count, digest = [first], 1, first.digest
    if snapshot is None:
        watch = _opened(first.said, again, rules, model, policy, is_ours)
        _compare(path, wanted, again)
    else:
        watch = restored(
            snapshot, rules=rules, model=model, policy=policy, is_ours=is_ours, log=again
        )
        wanted.clear()
        while digest != again.digest:
            line = next(lines, None)
            if line is None:
                raise StateFault(StateProblem.LOG_DIFFERS, f"{path}: no line is the snapshot's")
            count, digest = count + 1, line.digest
    for line in lines:
        count += 1
        wanted.append(line)
        _tell(watch, line)
        _compare(path, wanted, again)
        digest = line.digest
    if wanted or again.digests:
        raise StateFault(StateProblem.LOG_DIFFERS, f"{path}: another number of lines")
    return Replayed(count, digest, watch)


def currencies_of_log(path: Path) -> tuple[str, ...]:
    """Return the currencies that a log was written for, in their order: rules must be read for these."""
    first = next(read_log(path), None)
    if first is None or first.at != "opened":
        raise StateFault(StateProblem.LOG_DAMAGED, f"{path}: expected the line that opens a log")
    return tuple(first.said["currencies"])


def _opened(
    said: dict[str, Any],
    again: Lines,
    rules: RuleSet | None,
    model: Model | None,
    policy: Policy | None,
    is_ours: Callable[[str], bool],
) -> Watch:
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
        log=again,
    )
    own = asdict(watch.stream.versions)
    other = sorted(name for name, digest in said["versions"].items() if own[name] != digest)
    if other:
        raise StateFault(StateProblem.LOG_DIFFERS, f"written with another {', '.join(other)}")
    return watch


def _tell(watch: Watch, line: Line) -> None:
    said = line.said
    match line.at:
        case "decided":
            facts = {name: float(value) for name, value in said["facts"].items()}
            names = ("id", "time_us", "payer", "payee", "amount", "currency", "kind")
            asked = Asked(*(said[name] for name in names))._replace(facts=facts)
            watch.decide([asked], is_late=said["is_late"])
        case "released":
            watch.release(said["id"], said["time_us"])
        case "cancelled":
            watch.cancel(said["id"], said["time_us"])
        case "passed":
            watch.advance(said["time_us"])
        case "reported":
            kind = Told(said["kind"])
            watch.report(said["account"], said["currency"], said["time_us"], kind)
        case "listed":
            watch.lists(said["lists"])
        case "changed":
            watch.take(change_of(said))
        case "renewed":
            changes = [change_of(one) for one in said["changes"]]
            watch.renew(said["origin"], changes, said["cut_us"])
        case "ended":
            return  # an answer to what comes next
        case other:
            raise StateFault(StateProblem.LOG_DAMAGED, f"line {line.number}: {other} is unknown")


def _compare(path: Path, wanted: list[Line], again: Lines) -> None:
    """Compare what has been made; a line of something that ended waits for the payment that it stands before."""
    while wanted and again.digests:
        if wanted[0].digest != again.digests.pop(0):
            number = wanted[0].number
            raise StateFault(StateProblem.LOG_DIFFERS, f"{path}, line {number}: another answer")
        wanted.pop(0)


__all__ = ["Replayed", "currencies_of_log", "replay"]
