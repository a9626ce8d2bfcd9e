"""Imports over HTTP: reports and registers of other systems, one part of a table at a time, each row a command of its own.

A part that broke off is sent again under its key: rows that were taken give their first answer, the rest goes on. What became
of each row is kept, and can be had as pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from recoup import limits
from recoup.api.bodies import CASE_PATTERN, Body, Page
from recoup.api.callers import Caller, Calling, Key
from recoup.api.cursors import page_of
from recoup.api.guard import TABLES
from recoup.api.problems import Place, ProblemError, problem_of, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.api.work import Cursor, Limit, ReasonAsked
from recoup.cases import Channel, Grade
from recoup.centre.commands import Command, Done, Turned, WriterRefusal
from recoup.centre.desk import answered
from recoup.centre.directory import Entry
from recoup.centre.import_commands import (
    Foreign,
    ForeignHold,
    ImportKind,
    ImportNoted,
    NoteImport,
    RowNoted,
)
from recoup.centre.intake import Heard, HeardForeign, Payment, Told
from recoup.centre.requests import derived_id
from recoup.ids import CommandId
from recoup.journal.canonical import encode_plain
from recoup.orders import OrderKind
from recoup.staff import Action, Target, Why

if TYPE_CHECKING:  # tables are loaded when the first one comes: most centres' days have none
    from recoup.reading.imports import ImportRows, RefusedRow

router = APIRouter(tags=["imports"])
_LOOKING = responses(401, 403, 404, 409, 422, 429)
_TAKEN: Final = ""
_REPEATED: Final = "repeated"
_COLUMN_CHARS: Final = 40
"""Of a header: the file's own words, which an event does not need in full."""
FOREIGN_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"

System = Annotated[
    str, Query(pattern=CASE_PATTERN, description="The system from which the rows come.")
]
_TABLE: Final = {
    "requestBody": {
        "required": True,
        "description": "Rows as lines of JSON objects or as CSV with a header.",
        "content": {media.decode(): {"schema": {"type": "string"}} for media in sorted(TABLES)},
    }
}


class RowView(Body):
    """What became of a row."""

    row: int
    foreign_id: str
    """'' for a row without a usable one."""
    code: str
    """`taken`, `repeated`, or why not."""
    column: str
    case: str | None


class ImportAnswered(Body):
    """What became of a part's rows, counted."""

    id: str
    rows: int
    taken: int
    repeated: int
    """Taken before: the same row under the same id."""
    refused: int


class ForeignView(Body):
    """The case here that another system knows under its id."""

    case: str
    unit: str


@router.post("/imports", responses=COMMAND_PROBLEMS, openapi_extra=_TABLE)
async def import_rows(
    request: Request,
    kind: Annotated[ImportKind, Query()],
    system: System,
    unit: Annotated[str, Query(pattern=CASE_PATTERN)],
    key: Key,
    caller: Calling,
    response: Response,
    liability: Annotated[
        Literal["accepted", "as_stated"],
        Query(description="`accepted`: every reporter accepted it, as the other system has it."),
    ] = "as_stated",
) -> ImportAnswered:
    """Take one part of a table in; each row is taken, known already, or refused with its number and a code."""
    caller.may(Action.IMPORT, Target(unit=unit))
    data = await request.body()
    said = f"{kind} {system} {unit} {liability}\n".encode()
    digest, import_id = sha256(said + data).hexdigest(), _import_id(caller, key)
    # Sent twice at once, the second waits and then hears what became of the first.
    async with caller.house.port.alone(import_id):
        known = caller.house.port.view().imported.imports.get(import_id)
        if known is not None:
            if known.digest != digest:
                raise ProblemError("import_differs")
            response.headers["Idempotency-Replayed"] = "true"
            return _counted(known)
        found = await _rows_of(request, data, kind)
        part = _Part(caller, kind, system, unit, is_liable=liability == "accepted")
        noted = ImportNoted(
            import_id, system, kind, unit, caller.person, digest, await part.taken(found)
        )
        await _keep(caller, noted)
    return _counted(noted)


async def _rows_of(request: Request, data: bytes, kind: ImportKind) -> ImportRows:
    """Return the rows of a part.

    Raises:
        ProblemError: it is no such table, or a longer one than a part may be.
    """
    is_json = request.headers.get("content-type", "").startswith("application/x-ndjson")
    found = await asyncio.to_thread(_read, data, kind, is_json=is_json)
    if found.problems:
        places = tuple(Place(x.column or "table", x.code) for x in found.problems[:20])
        raise ProblemError("import_unreadable", places=places)
    if len(found.rows) + len(found.refused) > limits.IMPORT_ROWS_MAX:
        raise ProblemError("import_too_long")
    return found


@router.get("/imports/{import_id}/rows", responses=_LOOKING)
async def rows_of_import(
    import_id: ThingPath, caller: Calling, limit: Limit = 50, cursor: Cursor = None
) -> Page[RowView]:
    """List what became of the rows of a part when it was first finished."""
    port = caller.house.port
    found = port.view().imported.imports.get(import_id)
    caller.may(Action.IMPORT, Target(unit=found.unit if found else ""))
    assert found is not None, "nobody may look at what is not there"
    listed = f"import {caller.person} {import_id}"
    return page_of(port, listed, found.rows, limit, cursor, _view)


@router.get("/cases", responses=_LOOKING)
async def case_of_foreign(
    caller: Calling,
    foreign: Annotated[
        str,
        Query(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$",
            description="System and id there: `SYSTEM:ID`.",
        ),
    ],
    kind: Annotated[
        Literal["", "reports", "register", "case"],
        Query(description="Of what it is the id there, where several things have it."),
    ] = "",
    reason: ReasonAsked = "",
) -> ForeignView:
    """Find the case that another system knows under an id of a row, or of a case, of its own."""
    view = caller.house.port.view()
    system, _, number = foreign.partition(":")
    cases = view.imported.cases_of(system, number, kind)
    for case in cases or ("",):  # of several too, nobody learns of a case that is not theirs
        caller.may(Action.CASE_READ, view.target_of_case(case), Why(case or foreign, reason))
    if len(cases) != 1:
        raise ProblemError("foreign_ambiguous" if cases else "foreign_unknown")
    return ForeignView(case=cases[0], unit=view.target_of_case(cases[0]).unit)


class _Part:
    """The rows of one part on their way to the writer."""

    def __init__(
        self, caller: Caller, kind: ImportKind, system: str, unit: str, *, is_liable: bool
    ) -> None:
        self.caller, self.kind, self.system, self.unit = caller, kind, system, unit
        self._is_liable = is_liable
        self._slots = asyncio.Semaphore(limits.IMPORT_AT_ONCE_MAX)

    async def taken(self, found: ImportRows) -> tuple[RowNoted, ...]:
        """Take the rows that fit; return what became of all, in their order.

        Raises:
            ProblemError: the writer is away; whoever sends the part again goes on where it broke off.
        """
        # Rows of one case there go one after another: the first opens the case here.
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for row in found.rows:
            groups.setdefault(self._case(row), []).append(row)
        parts = await asyncio.gather(*map(self._group, groups.values()))
        rows = [row for part in parts for row in part] + [_refused(row) for row in found.refused]
        return tuple(sorted(rows, key=lambda row: row.row))

    async def _group(self, rows: list[Mapping[str, Any]]) -> list[RowNoted]:
        async with self._slots:
            return [await self._one(row) for row in rows]

    async def _one(self, row: Mapping[str, Any]) -> RowNoted:
        port, number = self.caller.house.port, row["foreign_id"]
        heard = self._register(row) if self.kind is ImportKind.REGISTER else self._report(row)
        asked = self.caller.asking(heard, Why("", f"import from {self.system}"))
        name = derived_id("foreign", self.system, self.kind.value, number)
        whole, older = (self._content(row, unit=unit) for unit in (self.unit, None))
        outcome = await port.take_in(Command(CommandId(name), whole, asked), heard)
        if isinstance(outcome, Turned) and outcome.reason == WriterRefusal.CONTENT_DIFFERS:
            # Rows from before the unit was part of what they say are known by the rest of it.
            outcome = await port.take_in(Command(CommandId(name), older, asked), heard)
        if isinstance(outcome, Done):
            code = _REPEATED if outcome.is_repeat else _TAKEN
            return RowNoted(row["number"], number, code, "", answered(outcome)["case"])
        if not isinstance(outcome, Turned) or outcome.is_transient:
            raise ProblemError(
                problem_of(outcome.reason) if isinstance(outcome, Turned) else "outcome_unknown"
            )
        is_other = outcome.reason == WriterRefusal.CONTENT_DIFFERS
        code = "foreign_id_reused" if is_other else outcome.reason
        return RowNoted(row["number"], number, code, "", "")

    def _content(self, row: Mapping[str, Any], *, unit: str | None) -> bytes:
        """Return what stands for all that a row says: under one id it is never anything else."""
        said = {key: _plain(value) for key, value in row.items() if key not in _PLACES}
        if said.get("stops", 0) is None:  # the same row as before there was the column
            del said["stops"]
        said["foreign_case"] = said["foreign_case"] or said["foreign_id"]  # likewise
        whole = {"system": self.system, "row": said}
        if unit is not None:
            whole["unit"] = unit
        return self.caller.house.port.digest("content", encode_plain(whole))

    def _case(self, row: Mapping[str, Any]) -> str:
        """Return the id here of a case there: it follows from the other system's, so that its rows meet in one.

        A row that names none is a case by itself: no other row's case has its id, whatever that is called there.
        """
        digest = self.caller.house.port.digest
        known = f"{self.system}\n{row['foreign_case']}".encode()
        if row["foreign_case"]:
            return "case_" + digest("foreign case", known).hex()[:32]
        alone = f"{self.system}\n{self.kind}\n{row['foreign_id']}".encode()
        return "case_" + digest("foreign row", alone).hex()[:32]

    def _foreign(self, row: Mapping[str, Any]) -> Foreign:
        return Foreign(self.system, row["foreign_id"], row["foreign_case"], self.kind.value)

    def _report(self, row: Mapping[str, Any]) -> HeardForeign:
        payer = None
        if row["payer"]:
            payer = Entry(row["payer_institution"], row["payer"], row["payer_name"])
        payee = Entry(row["payee_institution"], row["payee"], row["payee_name"])
        payment = Payment(
            payer,
            payee,
            row["amount"],
            row["currency"],
            _utc(row["time"]),
            serial=row["reference"],
        )
        reporter = Told(row["reporter_name"], row["reporter_phone"], row["reporter_document"])
        heard = Heard(
            self._case(row),
            self.unit,
            reporter,
            None,
            Grade.PLAUSIBLE,
            Channel.OTHER_CENTRE,
            row["liability"] or self._is_liable,
            _utc(row["received_at"]),
            payment,
            row["text"],
        )
        return HeardForeign(heard, self._foreign(row))

    def _register(self, row: Mapping[str, Any]) -> HeardForeign:
        """Return a stop or freeze as what it was made for: a disputed payment of that amount to the account."""
        since = _utc(row["time"])
        payee = Entry(row["institution"], row["account"], row["account_name"])
        heard = Heard(
            self._case(row),
            self.unit,
            Told(self.system),
            None,
            Grade.PLAUSIBLE,
            Channel.OTHER_CENTRE,
            accepts_liability=True,  # the authority whose register it is answers for it
            received_at=since,
            payment=Payment(None, payee, row["amount"], row["currency"], since),
        )
        until = None if row["until"] is None else _utc(row["until"])
        kind = OrderKind(row["measure"])
        before = 0 if row["stops"] is None else row["stops"] - (kind is OrderKind.STOP)
        hold = ForeignHold("", kind, row["amount"], since, until, before)
        return HeardForeign(heard, self._foreign(row), hold)


_PLACES: Final = frozenset({"number", "row", "source"})
"""Where a row stood: the same row may stand elsewhere in the next file."""


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _plain(value: object) -> object:
    return _utc(value).isoformat() if isinstance(value, datetime) else value


def _read(data: bytes, kind: ImportKind, *, is_json: bool) -> ImportRows:
    from recoup.reading.imports import read_import
    from recoup.reading.options import ReadingOptions

    return read_import(data, kind.value, ReadingOptions(), is_json=is_json)


def _refused(row: RefusedRow) -> RowNoted:
    return RowNoted(row.row, row.foreign_id, row.code, row.column[:_COLUMN_CHARS], "")


def _import_id(caller: Caller, key: str) -> str:
    seed = f"{caller.person}\n{key}".encode()
    return "import_" + caller.house.port.digest("import", seed).hex()[:32]


def _counted(noted: ImportNoted) -> ImportAnswered:
    count = len(noted.rows)
    repeated = sum(row.code == _REPEATED for row in noted.rows)
    taken = sum(row.code == _TAKEN for row in noted.rows)
    return ImportAnswered(
        id=noted.id, rows=count, taken=taken, repeated=repeated, refused=count - taken - repeated
    )


async def _keep(caller: Caller, noted: ImportNoted) -> None:
    """Keep what became of the rows: once, whatever a second run found."""
    asked = caller.asking(NoteImport(noted), Why("", f"import from {noted.system}"))
    command = Command(CommandId(noted.id), noted.digest.encode(), asked)
    outcome = await caller.house.port.submit(command)
    if isinstance(outcome, Done):
        return
    if isinstance(outcome, Turned):
        is_other = outcome.reason == WriterRefusal.CONTENT_DIFFERS
        raise ProblemError("import_differs" if is_other else problem_of(outcome.reason))
    raise ProblemError("outcome_unknown")


def _view(row: RowNoted) -> RowView:
    code = row.code or "taken"
    return RowView(
        row=row.row, foreign_id=row.id, code=code, column=row.column, case=row.case or None
    )


__all__ = ["router"]
