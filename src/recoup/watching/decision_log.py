"""The log of decisions: append-only canonical lines, each with the digest of all up to it; and its replay. Decides nothing.

The first line says versions and settings. A line holds what came in and what was answered, so that the same programs, rules,
model and policy give the same lines again: the last digest is the proof. Repeats of a message, and what is no payment by its
form (no id, no number), change nothing and are not in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Decision, Problem
from recoup.watch.stolen import (
    CaseClosed,
    Change,
    ClaimEnded,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
)
from recoup.watch.told import AppealSettled, Arrival, Listed, Measured, Traced
from recoup.watching.asked import Asked, plain_of

if TYPE_CHECKING:
    from recoup.watching.decisions import Decisions, EndedPayment

_WHATS: Final = {
    one.__name__: one
    for one in (
        AppealSettled,
        CaseClosed,
        ClaimEnded,
        ClaimOpened,
        GoodFaith,
        HoldAsked,
        Listed,
        Measured,
        Traced,
    )
}
_FORMLESS: Final = (Problem.ID_UNFIT, Problem.FIELD_UNFIT)


class Lines:
    """Makes the lines of a log and their digests; keeps the digests."""

    def __init__(self) -> None:
        self.digest = ""
        """Of all lines so far."""
        self.digests: list[str] = []

    def begin(self, opening: dict[str, object]) -> None:
        """Write the first line."""
        self._write([{"at": "opened", "said": opening}])

    def decided(self, asked: Sequence[Asked], made: Decisions, *, is_late: bool) -> None:
        """Write what was decided of a batch, and what ended meanwhile."""
        self._write(list(decided_lines(asked, made, is_late=is_late)))

    def told(self, how: str, said: dict[str, object], answer: list[object]) -> None:
        """Write that something else was told, and what it did."""
        self._write([{"at": how, "said": said, "answer": answer}])

    def _write(self, lines: list[dict[str, object]]) -> None:
        written = bytearray()
        for line in lines:
            self.digest, text = sealed(self.digest, line)
            written += text
            self._note()
        self._put(written)

    def _note(self) -> None:
        self.digests.append(self.digest)

    def _put(self, written: bytearray) -> None:
        """Keep nothing but the digests."""


class DecisionLog(Lines):
    """One log, written at its end. A line is with the system when a call returns; `syncs` also waits for the disk."""

    def __init__(self, path: Path, *, syncs: bool = False) -> None:
        """Begin a new file; `FileExistsError` where there is one: a log is never written over."""
        super().__init__()
        self.path, self._syncs = path, syncs
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)

    def close(self) -> None:
        """Close the file; the log can be read, and not be written any more."""
        os.close(self._file)

    def _note(self) -> None:
        """Keep no digest but the last."""

    def _put(self, written: bytearray) -> None:
        view = memoryview(written)
        while view:
            view = view[os.write(self._file, view) :]
        if self._syncs and written:
            os.fsync(self._file)


def sealed(digest: str, line: dict[str, object]) -> tuple[str, bytes]:
    """Return the digest after a line, and the line with it as bytes."""
    body = _canonical(line)
    after = sha256(digest.encode() + body).hexdigest()
    return after, body[:-1] + b',"digest":"' + after.encode() + b'"}\n'


def _canonical(value: object) -> bytes:
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def decided_lines(
    asked: Sequence[Asked], made: Decisions, *, is_late: bool
) -> Iterator[dict[str, object]]:
    """Yield the lines of a batch: one a payment, and before it what ended before it."""
    ended = list(made.ended)
    for at, (one, decision) in enumerate(zip(asked, made, strict=True)):
        place = made.place_of(at)
        while ended and place is not None and ended[0].ended.before <= place:
            yield {"at": "ended", "answer": [ended_body(ended.pop(0))]}
        if not decision.is_repeat and decision.problem not in _FORMLESS:
            said = _said(one, is_late=is_late)
            yield {"at": "decided", "said": said, "answer": answer_of(decision)}


def _said(one: Asked, *, is_late: bool) -> dict[str, object]:
    plain = plain_of(one)
    time_us = plain[0] if len(plain) > 2 else one.time
    return {
        "id": one.id,
        "time_us": time_us if isinstance(time_us, int) else str(time_us),
        "payer": one.payer,
        "payee": one.payee,
        "amount": one.amount,
        "currency": one.currency,
        "kind": one.kind,
        "facts": {n: _number(float(v)) for n, v in sorted(one.facts.items())},
        "is_late": is_late,
    }


def _number(value: float) -> float | str:
    """Return a figure as JSON has it; what is not finite as text."""
    return value if abs(value) < float("inf") else str(value)


def answer_of(decision: Decision) -> dict[str, object]:
    """Return a decision as it is kept."""
    return {
        "action": decision.action.name.lower(),
        "ground": decision.ground.name.lower(),
        "problem": decision.problem.name.lower(),
        "field": decision.field,
        "score": decision.score,
        "chance": decision.chance,
        "rules": list(decision.rules),
        "rules_shadow": list(decision.rules_shadow),
        "would": decision.would.name.lower(),
        "withheld": decision.withheld.name.lower(),
        "expires_us": decision.expires_us,
        "features": decision.features_digest,
        "versions": decision.versions,
        "causes": [
            [one.code, one.english, one.chinese, one.feature, _number(one.value), one.added]
            for one in decision.causes
        ],
    }


def ended_body(one: EndedPayment) -> list[object]:
    """Return what became of a payment that waited, as it is kept."""
    return [one.id, one.ended.how.value, one.ended.time_us, int(one.ended.problem)]


def change_body(change: Change) -> dict[str, object]:
    """Return a change of the centre as it is kept."""
    what = {"kind": type(change.what).__name__, **asdict(change.what)}
    return {
        "version": change.version,
        "digest": change.digest.hex(),
        "time_us": change.time_us,
        "what": what,
    }


def change_of(body: dict[str, Any]) -> Change:
    """Return the change of a line."""
    what = dict(body["what"])
    if what.get("arrival") is not None:
        what["arrival"] = Arrival(**what["arrival"])
    made = _WHATS[what.pop("kind")](**what)
    return Change(body["version"], bytes.fromhex(body["digest"]), body["time_us"], made)


class Line(NamedTuple):
    """One line of a log whose digest is right."""

    number: int
    at: str
    said: dict[str, Any]
    digest: str


def read_log(path: Path) -> Iterator[Line]:
    """Yield the lines of a log; `StateFault` for one that was changed, left out, or is no line.

    A last line without its end was being written when the process died: nobody had its answer, and it is left out.
    """
    digest = ""
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b"\n"):
                return
            try:
                body = json.loads(text)
                said = body.pop("digest")
                digest = sha256(digest.encode() + _canonical(body)).hexdigest()
                line = Line(number, body["at"], body.get("said", {}), said)
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                raise _damaged(path, number, "no line of a log") from error
            if said != digest:
                raise _damaged(path, number, "its digest does not go on from the line before")
            yield line


def _damaged(path: Path, number: int, what: str) -> StateFault:
    return StateFault(StateProblem.LOG_DAMAGED, f"{path}, line {number}: {what}")


__all__ = ["DecisionLog", "Line", "Lines", "change_body", "change_of", "ended_body", "read_log"]
