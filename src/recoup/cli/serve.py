"""`recoup serve`: runs a centre. Reads a TOML file, then the environment, then the options; each overrules the one before.

The data lie in one folder; the master key of the vault lies beside the folder, never in it, so that a copy of the data alone
opens nothing. The first start makes both and prints a one-time token for the first administrator. Where institutions are
connected, orders are sent to them and the chase runs; else orders wait for somebody to carry them on paper.
"""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from recoup.cli.settings import Settings

_LOOK_SECONDS = 0.5

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of the journal and the vault.")
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on [127.0.0.1].")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on [8443]; 0: any free.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with these settings.")
]


def register(app: typer.Typer) -> None:
    """Add the command `serve` to the program."""
    app.command("serve", epilog="Example: recoup serve --data centre --port 8443")(serve_command)


def serve_command(
    data: Data = None, host: Host = None, port: Port = None, config: ConfigFile = None
) -> None:
    """Run a centre: its journal, its vault and its API. Ends at SIGTERM or SIGINT, after open requests.

    With code 1 if the store failed or another process took the lead: then start it again.
    """
    import os

    from recoup.cli.settings import read_settings
    from recoup.errors import Fault

    given = {"data": data, "host": host, "port": port}
    try:
        settings = read_settings(config, os.environ, given)
        _serve(settings)
    except (Fault, OSError) as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault


def _serve(settings: Settings) -> None:
    import secrets
    import signal

    import structlog

    from recoup.api import make_app, set_up_logs
    from recoup.api.serving import server_of
    from recoup.centre.office import SWITCH_SECONDS

    set_up_logs(level=settings.level)
    sys.setswitchinterval(SWITCH_SECONDS)
    log = structlog.get_logger("recoup.serve")

    def halted(why: BaseException) -> None:
        log.error("a part of the centre ended by itself", exc_info=why)
        signal.raise_signal(signal.SIGTERM)  # a supervisor starts the process again: recovery

    desk = _desk(settings, log, halted)
    records = desk.start()
    gc.freeze()  # what was recovered stays: the collector need not walk all cases while an order waits to leave
    _watch(desk, halted)
    token = "" if desk.view().staff.administrators() else secrets.token_urlsafe(24)
    if token:
        print(f"No administrator yet. One-time setup token: {token}", flush=True)

    def started(port: int) -> None:
        print(f"Listening on http://{settings.host}:{port}", flush=True)

    log.info("started", records=records, policy=settings.policy)
    app = make_app(desk, setup_token=token)
    try:
        server_of(app, settings.host, settings.port, started).run()
    except SystemExit as end:  # uvicorn's way to say that it cannot listen; it has logged why
        raise typer.Exit(2) from end
    finally:
        desk.drain()
    log.info("stopped")
    if desk.is_stopped:
        raise typer.Exit(1)


def _desk(settings: Settings, log: Any, halted: Any) -> Any:  # noqa: ANN401 - types come with the heavy imports
    from recoup.centre.desk import Desk
    from recoup.centre.office import Setting
    from recoup.clock import SystemClock
    from recoup.ids import RandomIds
    from recoup.reading.policies import read_case_policy
    from recoup.stores.vault import LocalKeys

    policy, wire = read_case_policy(settings.policy), _correspondence(settings)
    if settings.wire is not None:
        declared = {one.id: one.declared for one in settings.wire.institutions}
        policy = replace(policy, institutions=declared)
    settings.data.mkdir(parents=True, exist_ok=True)
    setting = Setting(
        settings.data / "journal.sqlite",
        LocalKeys(_master_key(settings)),
        wire,
        policy,
        SystemClock(),
        RandomIds(),
        vault=settings.data / "vault.sqlite",
        sealing=_sealing(settings),
    )
    if setting.sealing is None or not setting.sealing.witnesses:
        log.warning("no witness watches the journal: whoever owns the disk could rewrite it unseen")
    if wire is None:
        log.warning("no institution is connected: orders wait to be carried on paper")

    def told(message: Any, what: str) -> None:  # noqa: ANN401 - as above
        log.warning("a message needs a look", message=message.id, what=what)

    def told_of(what: str, why: str) -> None:
        log.warning("a case or an institution needs a look", what=what, why=why)

    return Desk(setting, told, halted, told_of)


def _sealing(settings: Settings) -> Any:  # noqa: ANN401 - types come with the heavy imports
    """Return how the journal is signed; None where it is not."""
    from recoup.centre.witnessing import Sealing, WitnessAddress
    from recoup.journal.notes import NoteKey, NoteSecret

    journal = settings.journal
    if journal is None:
        return None
    secret = NoteSecret.parse(journal.signing_key.read_text(encoding="utf-8"))
    witnesses = [WitnessAddress(NoteKey.parse(key), url) for key, url in journal.witnesses]
    return Sealing(secret, tuple(witnesses), float(journal.seconds))


def _correspondence(settings: Settings) -> Any:  # noqa: ANN401 - types come with the heavy imports
    """Return who the centre is on the wire and whom it reaches; None where no institution is connected."""
    from recoup.centre.letters import Correspondence
    from recoup.errors import MessageFault, MessageProblem
    from recoup.messages import KeyRing, NoticeTerms, read_key, read_public

    wire = settings.wire
    if wire is None:
        return None
    public = []
    for institution in wire.institutions:
        found = [read_public(path) for path in institution.keys]
        if any(key.owner != institution.id for key in found):
            what = f"institutions.{institution.id}.keys: expected its own keys only"
            raise MessageFault(MessageProblem.KEY_UNKNOWN, what)
        public += found
    key, *further = [read_key(path) for path in wire.signing_keys]
    if any(one.owner != wire.name for one in (key, *further)):
        what = f"signing_key: expected keys of {wire.name!r} only"
        raise MessageFault(MessageProblem.KEY_UNKNOWN, what)
    former = tuple(read_public(path) for path in wire.former_keys)
    if any(one.owner != wire.name for one in former):
        what = f"former_keys: expected keys of {wire.name!r} only"
        raise MessageFault(MessageProblem.KEY_UNKNOWN, what)
    return Correspondence(
        wire.name,
        key,
        KeyRing(public),
        {x.id: x.url for x in wire.institutions if x.mode == "push"},
        NoticeTerms(wire.authority, wire.documents, wire.phone),
        frozenset(x.id for x in wire.institutions if x.mode == "poll"),
        former,
        tuple(further),
    )


def _watch(desk: Any, halted: Any) -> None:  # noqa: ANN401 - as above
    """End the process when sender, deadlines or chase ended by themselves; the writer says so itself."""
    import threading
    import time

    def look() -> None:
        while desk.fault is None:
            time.sleep(_LOOK_SECONDS)
        halted(desk.fault)

    threading.Thread(target=look, name="watch", daemon=True).start()


def _master_key(settings: Settings) -> bytes:
    """Return the master key; made at the first start, and never again once there are data that it would not open."""
    import os
    import secrets

    from recoup.errors import VaultFault

    path = settings.key_file
    if path.exists():
        return path.read_bytes()
    if (settings.data / "vault.sqlite").exists():
        raise VaultFault(f"expected the master key of {settings.data} at {path}, was not there")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_bytes(32)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


__all__ = ["register", "serve_command"]
