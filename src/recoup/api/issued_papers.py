"""Papers of a return made known as the centre's own, so that whoever is served with one can check it. Holds no rule."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from recoup import limits
from recoup.api.bodies import Body, Said
from recoup.api.callers import Calling, Key, carry_out
from recoup.api.problems import ProblemError
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.centre.written import IssuePapers, Paper
from recoup.procedure import Reason
from recoup.staff import Why

router = APIRouter(tags=["returns"])
_PATH = "/returns/{return_id}/papers"


class PaperBody(Body):
    """One row of `documents.csv`, of its PDF."""

    number: Annotated[str, Field(max_length=64)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    amount: Annotated[str, Field(max_length=32)] = ""


class PapersBody(Body):
    """The papers that go out."""

    papers: Annotated[list[PaperBody], Field(min_length=1, max_length=limits.RETURN_DOCUMENTS_MAX)]
    reason: Said


class PapersAnswered(Body):
    """How many of them the centre did not know yet."""

    count: str


@router.post(_PATH, responses=COMMAND_PROBLEMS)
async def issue_papers(
    return_id: ThingPath, body: PapersBody, key: Key, caller: Calling, response: Response
) -> PapersAnswered:
    """Make papers known as the centre's own, by number and digest; a later one takes the place of one of the same number."""
    found = caller.house.port.view().returns.get(return_id)
    if found is None:
        raise ProblemError(Reason.RETURN_UNKNOWN)
    papers = tuple(Paper(row.digest, row.number, row.amount) for row in body.papers)
    command = IssuePapers(found.cases[0], return_id, papers, caller.person)
    content = {"papers": [row.model_dump() for row in body.papers], "reason": body.reason}
    why = Why(found.cases[0], body.reason)
    told = await carry_out(
        caller, key, _PATH, {"return": return_id, **content}, command, response, why
    )
    return PapersAnswered(count=told["count"])


__all__ = ["router"]
