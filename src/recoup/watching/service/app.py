"""The service over HTTP, a plain ASGI application: reads requests, hands payments to the desk, writes answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog

from recoup import limits
from recoup.clock import Clock, microseconds_of
from recoup.money import ISO_DIGITS, Digits
from recoup.watching.asked import ID_CHARS_MAX
from recoup.watching.service import arrow, pacs
from recoup.watching.service.appealing import Appealed, appealed_body
from recoup.watching.service.bodies import Taken, is_batch, read_body, write_many, write_one
from recoup.watching.service.changing import Changes
from recoup.watching.service.desk import Desk
from recoup.watching.service.figures import Figures
from recoup.watching.service.once import check_once
from recoup.watching.service.openapi import document
from recoup.watching.service.port import CANCEL, RELEASE, Answers
from recoup.watching.service.problems import ProblemError
from recoup.watching.service.replies import JSON, Answer, Done, answered, head_of, problem_of
from recoup.watching.service.together import Together

_log = structlog.get_logger("recoup.watch")
_TEXT: Final = b"text/plain; charset=utf-8"
_BEARER: Final = b"Bearer "
_ARROW: Final = arrow.MEDIA_TYPE.encode()

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


Write = Callable[[Answers], Answer]
"""Writes the answer to a request whose payments were decided."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call: SHA-256 digests (hexadecimal) of tokens. With no caller named, whoever reaches the address may."""

    tokens: Mapping[str, str] = field(default_factory=dict)
    """Digest to the caller's name."""
    operators: Mapping[str, str] = field(default_factory=dict)
    """The same for those who change the configuration."""

    def name(self, headers: Mapping[bytes, bytes]) -> str:
        """Return the caller's name; '' where nobody is named."""
        if not self.tokens:
            return ""
        found = _named({**self.tokens, **self.operators}, headers)
        if not found:
            raise ProblemError("caller_unknown")
        return found

    def operator(self, headers: Mapping[bytes, bytes]) -> str:
        """Return the operator's name."""
        found = _named(self.operators, headers)
        if not found:
            raise ProblemError("not_operator")
        return found


def _named(tokens: Mapping[str, str], headers: Mapping[bytes, bytes]) -> str:
    """Return whose token it is; every digest is compared, in the same time."""
    given = headers.get(b"authorization", b"")
    if not given.startswith(_BEARER):
        return ""
    digest, found = hashlib.sha256(given.removeprefix(_BEARER)).hexdigest(), ""
    for known, name in tokens.items():
        if hmac.compare_digest(known, digest):
            found = name
    return found


class Service:
    """The application. `desk` is opened by whoever runs it."""

    def __init__(
        self,
        desk: Desk,
        changes: Changes,
        figures: Figures,
        clock: Clock,
        callers: Callers | None = None,
        digits: Digits = ISO_DIGITS,
        health: Callable[[], str] | None = None,
        appeal: Callable[[str, str], Appealed] | None = None,
        pacs_channels: Mapping[str, str] | None = None,
    ) -> None:
        """Put it before a desk; `health` says more than that the service lives, such as how old the copy of the centre is.

        `appeal` passes what a holder says against the decision of a number on to the centre, durable when it returns where it
        stands; None: there is no way. `pacs_channels` has the channel (`counter`, `remote`) of each code that the institution's
        scheme has for it.
        """
        self._health, self._appeal = health, appeal
        self._pacs_channels = pacs_channels or {}
        self._desk, self._changes, self._figures = desk, changes, figures
        self._clock, self._callers, self._digits = clock, callers or Callers(), digits
        self._messages = 0
        self.is_ending = False
        """The process was told to end: nobody new is let in."""
        self._together = Together(desk, digits, figures, self._alone)
        self._documented = document()
        self._routes: dict[str, tuple[str, Callable[..., Awaitable[Answer]]]] = {
            "/v1/decisions": ("POST", self._decisions),
            "/v1/decisions.arrow": ("POST", self._arrow),
            "/v1/pacs008": ("POST", self._pacs008),
            "/v1/lists/check": ("POST", self._lists),
            "/v1/waiting/release": ("POST", self._release),
            "/v1/waiting/cancel": ("POST", self._cancel),
            "/v1/appeals": ("POST", self._appeals),
            "/v1/configuration": ("POST", self._put_forward),
            "/v1/configuration/approval": ("POST", self._approve),
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/metrics": ("GET", self._metrics),
            "/openapi.json": ("GET", self._openapi),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        headers = dict(scope["headers"])
        try:
            answer = await self._answer(scope["method"], path, headers, receive)
        except ProblemError as problem:
            answer = problem_of(problem)
        except asyncio.CancelledError:  # the time for open requests is over: it may be decided yet
            answer = problem_of(ProblemError("not_ready"))
        except Exception:  # noqa: BLE001 - the caller gets a problem, the log the whole of it
            _log.exception("request failed", route=path if path in self._routes else "unknown")
            answer = problem_of(ProblemError("internal"))
        route = path if path in self._routes else "unknown"
        self._figures.answered(route, answer.status)
        head = head_of(answer)
        if answer.status == 405:
            head.append((b"allow", self._routes[path][0].encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    def ask(self, path: str, headers: Mapping[bytes, bytes], body: bytes, done: Done) -> None:
        """Have payments decided without a task: `done` gets the answer that a request of this path would get, once.

        Args:
            path: /v1/decisions or /v1/decisions.arrow.
            headers: with names in small letters.
            body: whole, and not larger than is taken.
            done: is called on the loop, at once where nothing is to be decided.
        """
        is_json = not path.endswith(".arrow")
        try:
            self._callers.name(headers)
            _need(headers, JSON if is_json else _ARROW)
        except ProblemError as problem:
            self._figures.answered(path, problem.status)
            done(problem_of(problem))
            return
        if is_json and not is_batch(body):
            self._together.add(body, done)
            return
        self._together.flush()  # what came before goes before
        self._ask(path, self._read_json if is_json else self._read_arrow, body, done)

    def _alone(self, body: bytes, done: Done) -> None:
        """Have the payment of a body decided by itself."""
        self._ask("/v1/decisions", self._read_json, body, done)

    def _ask(
        self, path: str, read: Callable[[bytes], tuple[Taken, Write]], body: bytes, done: Done
    ) -> None:
        def tell(answers: Answers | BaseException) -> None:
            answer = answered(lambda: write(_raised(answers)))
            self._figures.answered(path, answer.status)
            done(answer)

        try:
            taken, write = read(body)
            if len(taken.batch):
                self._desk.ask_and_tell(taken.batch, tell)
                return
            answers: Answers | BaseException = Answers.blank(0)
        except Exception as error:  # noqa: BLE001 - `answered` tells them apart
            answers, write = error, _unwritten
        tell(answers)

    async def _answer(
        self, method: str, path: str, headers: Mapping[bytes, bytes], receive: Receive
    ) -> Answer:
        if path not in self._routes:
            raise ProblemError("not_found")
        wanted, endpoint = self._routes[path]
        if method != wanted and not (method == "HEAD" and wanted == "GET"):
            raise ProblemError("method_not_allowed", f"expected {wanted}")
        if wanted == "GET":
            return await endpoint()
        self._callers.name(headers)
        stated = headers.get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > limits.WATCH_BODY_BYTES_MAX:
            raise ProblemError("body_too_large", _TOO_LARGE)
        return await endpoint(await _body(receive), headers)

    # --- payments ---

    def _read_json(self, body: bytes) -> tuple[Taken, Write]:
        many = is_batch(body)
        taken = read_body(body, is_batch=many, digits=self._digits)

        def write(answers: Answers) -> Answer:
            whole = taken.whole(answers)
            return Answer(write_many(taken.ids, whole) if many else write_one(taken.ids[0], whole))

        return taken, write

    def _read_arrow(self, body: bytes) -> tuple[Taken, Write]:
        taken = arrow.read_arrow(body, self._digits)

        def write(answers: Answers) -> Answer:
            written = arrow.write_arrow(taken.ids, taken.whole(answers))
            return Answer(written, _ARROW)

        return taken, write

    async def _decisions(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        _need(headers, JSON)
        taken, write = self._read_json(body)
        return write(await self._told(taken))

    async def _arrow(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        _need(headers, _ARROW)
        taken, write = self._read_arrow(body)
        return write(await self._told(taken))

    async def _pacs008(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        _need(headers, pacs.MEDIA_TYPE.encode(), b"text/xml")
        taken, names = pacs.read_pacs008(body, self._digits, self._pacs_channels)
        answers = await self._decided(taken)
        now = microseconds_of(self._clock.now())
        self._messages += 1
        written = pacs.write_pacs002(names, answers, f"RECOUP{now}-{self._messages}", now)
        return Answer(written, pacs.MEDIA_TYPE.encode())

    async def _decided(self, taken: Taken) -> Answers:
        """Return an answer for each row of a request."""
        return taken.whole(await self._told(taken))

    async def _told(self, taken: Taken) -> Answers:
        """Return an answer for each row that is to be decided."""
        return await self._desk.ask(taken.batch) if len(taken.batch) else Answers.blank(0)

    async def _lists(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        _need(headers, JSON)
        try:
            accounts = msgspec.json.decode(body, type=_Check).accounts
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ProblemError("body_unreadable") from error
        check_once(body)
        if len(accounts) > limits.WATCH_CHECK_ACCOUNTS_MAX:
            bound = f"expected at most {limits.WATCH_CHECK_ACCOUNTS_MAX} accounts"
            raise ProblemError("batch_too_long", bound)
        found = await self._desk.have(lambda core: core.listings(accounts))
        rows = [
            {"account": account, "lists": list(one.lists), "is_bound": one.is_bound}
            for account, one in zip(accounts, found, strict=True)
        ]
        return Answer(msgspec.json.encode({"accounts": rows}))

    # --- payments that wait ---

    async def _release(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Let a payment go on that waits: a person looked, so only an operator says so."""
        person = self._callers.operator(headers)
        return await self._end(RELEASE, body, headers, person)

    async def _cancel(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Take back a payment that waits: its payer said so to whoever asks."""
        return await self._end(CANCEL, body, headers, self._callers.name(headers))

    async def _end(
        self, name: str, body: bytes, headers: Mapping[bytes, bytes], person: str
    ) -> Answer:
        _need(headers, JSON)
        try:
            id_ = msgspec.json.decode(body, type=_Waits).id
            given = id_.encode()
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise ProblemError("body_unreadable") from error
        check_once(body)
        if len(id_) > ID_CHARS_MAX:
            raise ProblemError("payment_id_too_long")
        found = await self._desk.inform(name, given)
        _log.info("payment that waited ended", how=found, by=person)
        return Answer(msgspec.json.encode({"id": id_, "outcome": found}))

    async def _appeals(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Pass a holder's objection on to the centre: a person took it in, so only an operator says so."""
        person = self._callers.operator(headers)
        _need(headers, JSON)
        try:
            given = msgspec.json.decode(body, type=_Objection)
            given.id.encode(), given.statement.encode()
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise ProblemError("body_unreadable") from error
        if len(given.id) > ID_CHARS_MAX:
            raise ProblemError("payment_id_too_long")
        if self._appeal is None:
            raise ProblemError("appeals_unaddressed")
        found = await asyncio.to_thread(self._appeal, given.id, given.statement)
        _log.info("objection passed on", state=found.state, by=person)
        return Answer(msgspec.json.encode(appealed_body(given.id, found)))

    # --- the operator's ---

    async def _put_forward(self, _: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        digest = await self._changes.put_forward(self._callers.operator(headers))
        return Answer(msgspec.json.encode({"digest": digest}), JSON, 202)

    async def _approve(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        person = self._callers.operator(headers)
        try:
            digest = msgspec.json.decode(body, type=_Approval).digest
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ProblemError("body_unreadable") from error
        check_once(body)
        versions = await self._changes.approve(person, digest)
        return Answer(msgspec.json.encode({"versions": versions}))

    async def _healthz(self) -> Answer:
        more = "" if self._health is None else self._health()
        return Answer(b"ok\n" + more.encode(), _TEXT)

    async def _readyz(self) -> Answer:
        if not self._desk.is_ready:
            raise ProblemError("not_ready")
        return Answer(b"ok\n", _TEXT)

    async def _metrics(self) -> Answer:
        return Answer(self._figures.text(), b"text/plain; version=0.0.4; charset=utf-8")

    async def _openapi(self) -> Answer:
        return Answer(self._documented)


class _Check(msgspec.Struct, forbid_unknown_fields=True):
    accounts: list[str]


class _Objection(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    statement: str


class _Waits(msgspec.Struct, forbid_unknown_fields=True):
    id: str


class _Approval(msgspec.Struct, forbid_unknown_fields=True):
    digest: str


_TOO_LARGE: Final = f"expected at most {limits.WATCH_BODY_BYTES_MAX} bytes"


def _need(headers: Mapping[bytes, bytes], *media: bytes) -> None:
    """Refuse a body of another media type; parameters, such as a character set, are not looked at."""
    given = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if given not in media:
        raise ProblemError("media_type_unknown", "expected " + b" or ".join(media).decode())


async def _body(receive: Receive) -> bytes:
    """Return the body, reading no more of it than a request may have."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError("body_unreadable", "the caller went away")
        part = message.get("body", b"")
        size += len(part)
        if size > limits.WATCH_BODY_BYTES_MAX:
            raise ProblemError("body_too_large", _TOO_LARGE)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _raised(answers: Answers | BaseException) -> Answers:
    if isinstance(answers, BaseException):
        raise answers
    return answers


def _unwritten(_: Answers) -> Answer:
    raise AssertionError("nothing was decided")


__all__ = ["JSON", "Answer", "Callers", "Service", "head_of"]
