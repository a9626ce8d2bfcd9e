"""Has a return's plan worked out beside the writer and bound by it: no person types an award. Decides nothing.

1. The working out has a process of its own, which ends with it: it loads tables and kernels, and may take long.
2. The files of a plan are in the vault before the journal hears of the plan, under an id that follows from their digest.
3. The command names the versions of the facts that were seen: the writer refuses a plan of older ones.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

from recoup import limits
from recoup.cases import CasePolicy, terminals
from recoup.centre.account_room import TEXTS
from recoup.centre.child import end_with_parent
from recoup.centre.commands import Command, Declined, Outcome, Turned
from recoup.centre.directory import Directory, Piece
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request
from recoup.centre.return_sheets import ReturnSheets, UnworkableError, WorkedOut
from recoup.centre.state import CentreState
from recoup.errors import VaultFault
from recoup.procedure import Reason
from recoup.procedure.commands import BindPlan
from recoup.procedure.state import ROUND_REFUSALS, RoundTrigger
from recoup.stores.vault import Purpose

_NICENESS: Final = 10
_WHO: Final = "planner"

Prepare = Callable[[Request], tuple[Request, tuple[Piece, ...]]]
VaultFirst = Callable[[Command, Prepare], Awaitable[Outcome]]


def text_of_plan(inputs: str) -> str:
    """Return the id under which a plan's files are kept as a text of the leading case."""
    return f"plan_{inputs}"


class Planner:
    """Works plans out, one at a time: each takes a processor for itself."""

    def __init__(self, directory: Callable[[], Directory], policy: CasePolicy) -> None:
        self._directory, self._policy = directory, policy
        self._one = asyncio.Semaphore(1)

    async def bind(self, command: Command, state: CentreState, vault_first: VaultFirst) -> Outcome:
        """Carry out a command that binds a plan, with the plan in the place of its nothing."""
        gathered = gather(state, command.value.what.return_id, self._policy)
        if isinstance(gathered, Declined):
            return Turned(gathered.reason, gathered.what, is_transient=False)
        try:
            async with self._one:
                prepare = partial(prepared, self._directory(), gathered)
                return await vault_first(command, prepare)
        except UnworkableError as why:
            return Turned(why.reason, why.what, is_transient=False)


def gather(state: CentreState, return_id: str, policy: CasePolicy) -> ReturnSheets | Declined:
    """Return what the registers say of a return, its statements still in the vault."""
    found = state.returns.get(return_id)
    if found is None:
        return Declined(Reason.RETURN_UNKNOWN, return_id)
    if policy.procedure is None:
        return Declined(Reason.TERMS_MISSING, policy.orders.id)
    cases = tuple(state.case(case) for case in found.cases)
    holds = {hold.key: hold for case in cases for hold, _ in state.of_case(case.id)}
    ends = sorted({account for case in cases for account in terminals(case, policy)})
    given = (tuple(holds.values()), tuple(ends), policy.procedure.id, policy.for_value)
    return ReturnSheets(found, cases, (), *given)


def prepared(
    there: Directory, gathered: ReturnSheets, asked: Request
) -> tuple[Request, tuple[Piece, ...]]:
    """Return the request with its plan, and the pieces to be kept before it; runs in a thread that may wait.

    What no plan can come of is refused before a process is begun for it.
    """
    refused = ROUND_REFUSALS.get((gathered.of.round.state, RoundTrigger.TRACE))
    if refused is not None:
        raise UnworkableError(refused, gathered.of.round.state.value)
    has_applicant = any(not row.is_withdrawn for row in gathered.of.round.applications)
    is_there = any(hold.frozen_live for hold in gathered.holds)
    is_there = is_there or any(row.is_shared for row in gathered.of.seized)
    if not has_applicant or not is_there:
        raise UnworkableError(Reason.PLAN_EMPTY)
    sheets = replace(gathered, statements=_statements(there, gathered))
    worked = in_a_process(sheets)
    wanted: BindPlan = asked.what
    plan = replace(
        wanted,
        inputs=worked.inputs,
        outputs=worked.outputs,
        policy=worked.policy,
        awards=worked.awards,
        facts=sheets.seen,
    )
    lead, files = sheets.cases[0].id, json.dumps(dict(worked.files), ensure_ascii=False)
    kept: Piece = (f"{TEXTS} {lead}", text_of_plan(worked.inputs), files)
    return replace(asked, what=plan), (kept,)


def _statements(there: Directory, gathered: ReturnSheets) -> tuple[bytes, ...]:
    """Return the statements of all cases, each once, those of a case in the order in which they came."""
    found: dict[str, bytes] = {}
    for case in gathered.cases:
        purpose = Purpose(_WHO, case.id, "return plan")
        try:
            bodies = there.statements(case.id, case.facts, purpose, bytes)
        except VaultFault as fault:
            raise UnworkableError(CentreReason.STATEMENT_ERASED, case.id) from fault
        found |= dict(zip(case.facts, bodies, strict=True))
    return tuple(found.values())


def in_a_process(
    sheets: ReturnSheets, seconds: float = limits.RETURN_PLAN_SECONDS_MAX
) -> WorkedOut:
    """Return what sheets give, worked out in a process that ends with it; raise `UnworkableError`."""
    spawn = get_context("spawn")  # a fork of a process with threads could hang
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, sheets), name="return plan", daemon=True)
    process.start()
    theirs.close()  # so that its death is the end of the pipe
    try:
        if not ours.poll(seconds):
            raise UnworkableError(CentreReason.PLAN_NOT_MADE)
        found: WorkedOut | UnworkableError = ours.recv()
    except (EOFError, OSError) as fault:
        raise UnworkableError(CentreReason.PLAN_NOT_MADE) from fault
    finally:
        ours.close()
        process.kill()
        process.join()
    if isinstance(found, UnworkableError):
        raise found
    return found


def _serve(pipe: Connection, sheets: ReturnSheets) -> None:
    """Work one plan out: the process's whole work."""
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    answer: Any
    try:
        answer = sheets.worked_out()
    except UnworkableError as why:
        answer = why
    pipe.send(answer)


__all__ = ["Planner", "gather", "in_a_process", "prepared", "text_of_plan"]
