"""Puts the API together: one app around one centre. Every answer that is no success is a problem document."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from recoup import limits
from recoup._version import __version__
from recoup.api import (
    abroad,
    accounts,
    care,
    cases,
    counter,
    decision_appeals,
    decisions,
    escalations,
    figures,
    handing,
    imports,
    institutions,
    issued_papers,
    listing,
    notices,
    operations,
    people,
    reports,
    returns,
    scans,
    sheets,
    streams,
    work,
)
from recoup.api.callers import House, hash_of
from recoup.api.guard import Guard
from recoup.api.passwords import Passwords
from recoup.api.port import CentrePort
from recoup.api.problems import SCHEMA, Place, ProblemError, document
from recoup.api.rates import Rate
from recoup.api.watch import Watch

_BY_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 400: "body_not_json"}
_ROUTERS: Final = (
    abroad.router,
    accounts.router,
    escalations.router,
    figures.router,
    handing.router,
    people.router,
    reports.router,
    cases.router,
    counter.router,
    work.router,
    decisions.router,
    listing.router,
    care.router,
    decision_appeals.router,
    notices.router,
    returns.router,
    issued_papers.router,
    imports.router,
    institutions.router,
    scans.router,
    sheets.router,
    streams.router,
    operations.router,
)


def make_app(
    port: CentrePort,
    *,
    setup_token: str = "",
    passwords: Passwords | None = None,
    calls_per_minute: int | None = None,
    logins_per_minute: int | None = None,
    failure_seconds: float = limits.LOGIN_FAILED_SECONDS,
) -> FastAPI:
    """Return the app around `port`; rates and pauses are those of `limits.py` unless others are given."""
    house = House(port, passwords or Passwords(), hash_of(setup_token) if setup_token else "")
    house.failure_seconds = failure_seconds
    if calls_per_minute is not None:
        house.calls = Rate(calls_per_minute)
    if logins_per_minute is not None:
        house.logins = Rate(logins_per_minute)
    app = FastAPI(
        title="Recoup",
        version=__version__,
        summary="Stops, intercepts, traces and returns defrauded money.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.house, figures = house, operations.Figures(port)
    for router in _ROUTERS:
        app.include_router(router)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(figures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    _tell_problems(app)
    _describe(app)
    app.add_middleware(Guard)
    app.add_middleware(Watch, figures=figures, house=house)
    return app


def _tell_problems(app: FastAPI) -> None:
    @app.exception_handler(ProblemError)
    async def problem(_: Request, found: ProblemError) -> Response:
        return document(found.name, found.detail, found.places)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, found: RequestValidationError) -> Response:
        places = tuple(
            Place("/".join(str(x) for x in error["loc"]), str(error["type"]))
            for error in found.errors()[:20]
        )
        return document("request_malformed", places=places)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, found: HTTPException) -> Response:
        answer = document(_BY_STATUS.get(found.status_code, "request_malformed"))
        for name, value in (found.headers or {}).items():
            answer.headers[name] = value  # Allow, of 405
        return answer


def _describe(app: FastAPI) -> None:
    """Add what FastAPI does not know to the document: the problems' form, and what every body may be refused for."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = made()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = SCHEMA
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign] # the way that FastAPI documents


__all__ = ["make_app"]
