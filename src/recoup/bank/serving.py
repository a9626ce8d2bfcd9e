"""Puts an agent together and serves it: keys, books, core system, policy, clock. The one place of the bank's side that does."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import uvicorn

from recoup.bank.agent import Agent, Identity
from recoup.bank.core import CoreBanking
from recoup.bank.holders import HolderDesk
from recoup.bank.http import application
from recoup.bank.letters import LOCALES
from recoup.bank.polling import Courier, Line, Poller
from recoup.bank.rules import Terms
from recoup.bank.sandbox import FaultyAgent, Script
from recoup.bank.store import BankStore
from recoup.clock import Clock, SystemClock
from recoup.errors import GatewayFault, MessageFault, MessageProblem, StoreFault
from recoup.ids import Ids, RandomIds
from recoup.messages import KeyRing, SigningKey, read_key, read_public
from recoup.orders import InstitutionKind
from recoup.reading.policies import read_policy

if TYPE_CHECKING:
    from starlette.applications import Starlette

_DRAIN_SECONDS = 10
_BACKLOG = 128
_OWNER = "institution"
"""Under this name the books say whose they are."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an agent is started with."""

    institution: str
    centre: str
    keys: Sequence[Path]
    """The agent's own: the newest that is valid signs."""
    trusted: Sequence[Path]
    """The centre's public keys."""
    books: Path
    policy: str
    match_seconds: int
    poll: str = ""
    """The centre's address, where the agent asks for its orders."""
    answers: str = ""
    """The centre's address, where late answers go; where the agent polls, they go there."""
    locale: str = "zh"
    """The language in which holders are told."""
    kind: InstitutionKind = InstitutionKind.BANK
    """What the institution is."""


def identity(setting: Setting) -> Identity:
    """Return who the agent is; raise `MessageFault` for a key file that cannot be used or is somebody else's."""
    own = [read_key(path) for path in setting.keys]
    trusted = [read_public(path) for path in setting.trusted]
    for owner, keys in ((setting.institution, own), (setting.centre, trusted)):
        if not keys or any(key.owner != owner for key in keys):
            raise MessageFault(MessageProblem.KEY_UNKNOWN, f"expected keys of {owner!r} only")
    ring = KeyRing(trusted)

    def key(now: datetime) -> SigningKey:
        valid = [key for key in own if key.public.is_valid(now)]
        if not valid:
            raise MessageFault(MessageProblem.KEY_NOT_VALID, "none of one's own keys is valid now")
        return max(valid, key=lambda found: found.valid_from)

    return Identity(setting.institution, setting.centre, key, lambda: ring)


def load_core(name: str) -> CoreBanking:
    """Return the core system that `package.module:function` makes; raise `GatewayFault` if there is no such thing.

    A module that is not installed is looked for in the folder where the program was started.
    """
    module, _, function = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # last: nothing that is installed is hidden by what lies there
    try:
        made = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as fault:
        raise GatewayFault(f"expected package.module:function, was {name!r}: {fault}") from fault
    return cast("CoreBanking", made)


def agent_for(
    setting: Setting,
    core: CoreBanking,
    script: Script | None = None,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> tuple[Agent, BankStore]:
    """Return an agent on its books; one that goes wrong if a script is given."""
    if setting.locale not in LOCALES:
        raise GatewayFault(f"expected the language {' or '.join(LOCALES)}, was {setting.locale!r}")
    store = BankStore.open(setting.books)
    owner = store.kept(_OWNER)
    if owner not in {"", setting.institution}:
        raise StoreFault(f"expected the books of {setting.institution!r}, were of {owner!r}")
    store.keep(_OWNER, setting.institution)
    policy = read_policy(setting.policy)
    terms = Terms(
        policy, setting.match_seconds, core.can_stop_amounts, setting.locale, setting.kind
    )
    given = (identity(setting), store, core, terms, clock or SystemClock(), ids or RandomIds())
    if script is None:
        return Agent(*given), store
    return FaultyAgent(*given, behaviours=script.behaviours), store


@contextmanager
def holder_desk(books: Path) -> Iterator[HolderDesk]:
    """Open the books of an agent for what a person does about holders; raise `StoreFault` for no such books."""
    if not books.is_file():
        raise StoreFault(f"expected an agent's books, was no file: {books}")
    store = BankStore.open(books)
    try:
        owner = store.kept(_OWNER)
        if not owner:
            raise StoreFault("expected books with which an agent was started once")
        yield HolderDesk(store, owner, SystemClock(), RandomIds())
    finally:
        store.close()


def serving(
    setting: Setting,
    agent: Agent,
    store: BankStore,
    linked: Callable[[Line], Callable[[], object]] | None = None,
) -> Starlette:
    """Return the HTTP application, which also polls the centre, or posts late answers to it, where the setting says so.

    `linked` makes of the line to the centre what else is done there at each tick: a watch's link.
    """
    address = setting.poll or setting.answers
    if not address:
        return application(agent)
    client = httpx.Client(base_url=address, timeout=_DRAIN_SECONDS)
    line = Line(client, setting.institution, heard=_said)
    courier = Courier(agent, line, letters=not setting.poll)
    work: list[Callable[[], object]] = [courier.post]
    if setting.poll:
        clock = SystemClock()
        work.append(Poller(agent, store, line, institution=setting.institution, clock=clock).poll)
    if linked is not None:
        work.append(linked(line))

    def all_of_it() -> None:
        for one in work:
            one()

    return application(agent, background=all_of_it)


def _said(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raise `GatewayFault` if it cannot.

    Its protocol is named, because asyncio switches Nagle's delay off only on sockets that say they are TCP: each answer would
    take forty milliseconds more otherwise.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        on = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        on.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        on.bind(address)
        on.listen(_BACKLOG)
    except OSError as fault:
        raise GatewayFault(f"cannot listen on {host}:{port}: {fault}") from fault
    return on


def serve(app: Starlette, on: socket.socket) -> None:
    """Serve until told to end; what was begun is finished first."""
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=_DRAIN_SECONDS, limit_concurrency=256
    )
    uvicorn.Server(config).run(sockets=[on])


__all__ = [
    "Setting",
    "agent_for",
    "holder_desk",
    "identity",
    "listening",
    "load_core",
    "serve",
    "serving",
]
