"""What the service keeps on disk: snapshots, and the logs that go on from them. Start-up is recovery; there is no other way.

A folder holds `state-N.bin`, and `log-N.bin` and `early-N.bin` that begin where it ends. A snapshot is written beside its place
and moved there; the two newest are kept, logs all. A crash between any two steps leaves the former snapshot and all logs
after it, which together say the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from recoup.errors import StoreFault
from recoup.watch.decision import EARLY, Action, remedy_of
from recoup.watching.models import write_whole
from recoup.watching.service.log import Log, log_files, read_log
from recoup.watching.service.port import GOES_ON, Answers, Batch, Core, Extra, Reason

_STATE: Final = re.compile(r"state-([0-9]{12})\.bin")
_KEPT: Final = 2
_ROW: Final = 8
"""Columns of a payment with its channel."""
_FORM: Final = "recoup watch state 1"


@dataclass(slots=True)
class Early:
    """Payments that were answered before the core came to them: their callers could not be kept waiting."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By id: the decision, and the code of its reason."""
    waiting: dict[str, tuple[object, ...]] = field(default_factory=dict)
    """By id: the row of the payment, until the core has taken it in."""

    def add(self, batch: Batch, decisions: list[int], codes: list[str]) -> None:
        """Note payments as answered."""
        rows = zip(*batch.whole, strict=True)
        for row, decision, code in zip(rows, decisions, codes, strict=True):
            self.answers[str(row[0])] = (decision, code)
            self.waiting[str(row[0])] = row

    def overrule(self, batch: Batch, answers: Answers) -> Answers:
        """Return the answers with those that were given early in place of what was decided later."""
        for at, id_ in enumerate(batch.ids):
            extra = answers.extras.get(at)
            if id_ in self.answers and not (extra and extra.refusal):
                decision, code = self.answers[id_]
                answers.decisions[at], answers.scores[at] = decision, np.nan
                answers.scored[at], answers.repeats[at] = False, True
                answers.extras.pop(at, None)
                if code:
                    answers.extras[at] = early_extra(id_, code)
        return answers


MEASURE_CODE: Final = "measure"
"""Code of accounts that a measure binds: which one, and whether it lets a payment out, is said when that is decided."""


def early_reason(code: str) -> Reason:
    """Return the reason of a payment that waits because an order or a measure binds its payer and nobody could look closer."""
    if code == MEASURE_CODE:
        english = "a measure binds the account, and what may leave could not be looked up in time"
        return Reason(code, english, "账户受管控措施约束，未能及时核实可支付额度")
    english = (
        "an order binds the account, and how much of it is free could not be looked up in time"
    )
    return Reason(code, english, "账户受指令约束，未能及时核实可用余额")


def early_extra(id_: str, code: str) -> Extra:
    """Return what the answer to such a payment says: the reason, and what the holder is told."""
    remedy = remedy_of(id_, Action.HOLD.name, EARLY, None)
    return Extra(reasons=(early_reason(code),), remedy=remedy)


class _Kept(msgspec.Struct, array_like=True):
    form: str
    core: bytes
    answers: dict[str, tuple[int, str]]
    waiting: list[tuple[str | int, ...]]
    """Rows of batches; those of before payments said where they were made have no channel."""


class Keeping:
    """The open logs of a folder, and how to make and read its snapshots. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.early = Early()
        self._log: Log | None = None
        self._early_log: Log | None = None
        self.number = 0

    def recover(self, core: Core) -> int:
        """Bring a core to where it was when the last answer left, open the logs; return how many records that took.

        Raises a `Fault` for a folder that cannot be gone on from: an altered log, or one that gives other answers.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        first = self._restore(core)
        logs = {n: path for n, path in log_files(self._folder).items() if n >= first}
        last, count = max(logs, default=first), 0
        for n, path in log_files(self._folder, "early").items():
            if n >= first:
                for columns, decisions, codes in read_log(path, is_last=n >= last):
                    self.early.add(Batch(*columns), decisions, codes)
        for n, path in logs.items():
            for record in read_log(path, is_last=n == last):
                self._again(core, record)
                count += 1
        self._open(last)
        self._settle(core)
        return count

    def _restore(self, core: Core) -> int:
        """Restore the newest snapshot that can be read; return its number."""
        for number, path in sorted(self._states().items(), reverse=True):
            try:
                kept = msgspec.msgpack.decode(_opened(path.read_bytes()), type=_Kept)
            except (msgspec.DecodeError, ValueError) as error:
                raise StoreFault(f"{path}: expected a snapshot: {error}") from error
            if kept.form != _FORM:
                raise StoreFault(f"{path}: expected {_FORM!r}")
            core.restore(kept.core)
            self.early.answers = kept.answers
            self.early.waiting = {str(row[0]): (*row, 0)[:_ROW] for row in kept.waiting}
            return number
        return 0

    def _states(self) -> dict[int, Path]:
        found = {}
        for path in self._folder.glob("state-*.bin"):
            name = _STATE.fullmatch(path.name)
            if name:
                found[int(name[1])] = path
        return found

    def _again(self, core: Core, record: list[object]) -> None:
        """Do what a record says once more."""
        match record:
            case ["decided" | "packed" as form, bool(is_scored), list(columns), str(digest)]:
                batch = self._unpacked(columns) if form == "packed" else Batch(*columns)
                answers = core.decide(batch, is_scored=is_scored)
                if digest_of(answers) != digest:
                    what = "expected the answers of before; another version or processor wrote it"
                    raise StoreFault(f"{self._folder}: {what}")
                self.settle(core, batch, answers)
            case ["told", str(name), bytes(body)]:
                core.tell(name, body)
            case _:
                raise StoreFault(f"{self._folder}: a record that this version does not know")

    def _unpacked(self, columns: list[object]) -> Batch:
        try:
            return Batch.unpacked(columns)
        except ValueError as error:
            raise StoreFault(f"{self._folder}: a record of a batch: {error}") from error

    def settle(self, core: Core, batch: Batch, answers: Answers) -> None:
        """Book what went on by an early answer although the core, asked later, did not let it; end what only waited for it.

        Who was told to wait because nobody could look has not paid. From here on the same message gets what the core decided:
        otherwise a payment that the core let go on and booked would wait at its bank for ever, and nothing would end that.
        """
        if not self.early.waiting:
            return
        places = []
        for at, id_ in enumerate(batch.ids):
            row = self.early.waiting.pop(id_, None)
            if row is None:
                continue
            went_on = self.early.answers[id_][0] <= GOES_ON
            if not went_on:
                del self.early.answers[id_]
            elif answers.decisions[at] > GOES_ON and not answers.repeats[at]:
                places.append(at)
        if places:
            core.book(batch.rows(places))

    def _settle(self, core: Core) -> None:
        """Take in the payments that were answered early and not reached before the end."""
        rows = list(self.early.waiting.values())
        if rows:
            batch = Batch(*(list(column) for column in zip(*rows, strict=True)))
            self.write(core, batch, core.decide(batch, is_scored=False), is_scored=False)
            self.sync()

    def write(self, core: Core, batch: Batch, answers: Answers, *, is_scored: bool) -> None:
        """Write down what the core decided, and settle what was answered early; durable after `sync`."""
        if batch.are_bytes:
            record = ["packed", is_scored, batch.packed(), digest_of(answers)]
        else:
            columns = [_plain(column) for column in batch.columns()]
            record = ["decided", is_scored, columns, digest_of(answers)]
        self._written().append(record)
        self.settle(core, batch, answers)

    def told(self, name: str, body: bytes) -> None:
        """Write down what the core was told and took in; durable at once."""
        self._written().append(["told", name, body])
        self.sync()

    def answer_early(self, batch: Batch, decisions: list[int], codes: list[str]) -> None:
        """Write early answers down, durable at once."""
        assert self._early_log is not None, "recovered first"
        self._early_log.append([[_plain(c) for c in batch.columns()], decisions, codes])
        self._early_log.sync()
        self.early.add(batch, decisions, codes)

    def sync(self) -> None:
        """Have on disk what was written down."""
        self._written().sync()

    def cut(self, core: bytes) -> tuple[Path, bytes]:
        """Begin new logs; return where the snapshot of this instant goes, and its bytes.

        Args:
            core: the core's own snapshot, of after the last record.
        """
        kept = _Kept(_FORM, core, dict(self.early.answers), [*self.early.waiting.values()])  # type: ignore[list-item]
        self.close()
        self._open(self.number + 1)
        return self._folder / f"state-{self.number:012d}.bin", msgspec.msgpack.encode(kept)

    def keep(self, path: Path, content: bytes) -> None:
        """Write a snapshot that was cut, and drop those before the former one. May run beside everything else."""
        write_whole(path, hashlib.sha256(content).digest() + content)
        for _, old in sorted(self._states().items())[:-_KEPT]:
            old.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the logs."""
        for log in (self._log, self._early_log):
            if log is not None:
                log.close()
        self._log = self._early_log = None

    def _open(self, number: int) -> None:
        self.number = number
        self._log = Log(self._folder, number)
        self._early_log = Log(self._folder, number, "early")

    def _written(self) -> Log:
        assert self._log is not None, "recovered first"
        return self._log


def _opened(content: bytes) -> bytes:
    """Return the body of a snapshot whose digest is right."""
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("the digest is another")
    return body


def _plain(column: object) -> list[object]:
    """Return a column as msgpack takes it."""
    return column if type(column) is list else list(column)  # type: ignore[call-overload]


def digest_of(answers: Answers) -> str:
    """Return a digest of answers: of what was decided and how sure, not of the words."""
    whole = hashlib.sha256(answers.decisions.tobytes())
    whole.update(answers.scores.tobytes())
    whole.update(answers.repeats.tobytes())
    for at, extra in sorted(answers.extras.items()):
        codes = [reason.code for reason in extra.reasons]
        whole.update(repr((at, extra.refusal, extra.field, codes, extra.expires_us)).encode())
    return whole.hexdigest()[:32]


def states(folder: Path) -> Iterator[Path]:
    """Yield the snapshots of a folder, oldest first."""
    yield from sorted(folder.glob("state-*.bin"))


__all__ = ["Early", "Keeping", "digest_of", "early_extra", "early_reason", "states"]
