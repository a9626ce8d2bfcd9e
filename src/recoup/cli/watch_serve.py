"""`recoup watch serve`: decides payments over HTTP. Start-up is recovery: snapshot and log first, then what the files say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recoup.cli.watch_settings import WatchSettings
    from recoup.watching.service import Terms, WatchCore

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of the state and its log.")
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on [127.0.0.1].")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on [8444]; 0: any free.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with these settings.")
]


def register_serve(group: typer.Typer) -> None:
    """Add the command `serve` to the group `watch`."""
    group.command(
        "serve", epilog="Example: recoup watch serve --data watch --rules cn-flags --policy cn"
    )(serve)


def serve(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    rules: Annotated[
        str | None, typer.Option("--rules", help="Set of rules: a name or a file.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", help="Policy of decisions: a name or a file.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model of `watch train`.")] = None,
    config: ConfigFile = None,
) -> None:
    """Decide payments over HTTP. Ends at SIGTERM or SIGINT, after open requests; SIGHUP reads rules, model and lists anew.

    With code 1 if the log could not be written: then start it again.
    """
    import os

    from recoup.cli.watch_settings import read_watch_settings
    from recoup.errors import Fault

    given = {"data": data, "host": host, "port": port}
    given |= {"rules": rules, "policy": policy, "model": model}
    try:
        settings = read_watch_settings(config, os.environ, given)
        is_sound = _serve(settings)
    except (Fault, OSError) as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    if not is_sound:
        raise typer.Exit(1)


def _serve(settings: WatchSettings) -> bool:
    """Run until told to stop; return whether it ended as it was told to."""
    import asyncio
    import signal

    import structlog

    from recoup.api.logs import set_up_logs
    from recoup.cli.watch_link import Linking
    from recoup.clock import SystemClock, microseconds_of
    from recoup.watching.service import (
        Callers,
        Changes,
        Desk,
        Figures,
        Files,
        Keeping,
        Service,
        read_files,
        serve,
    )

    set_up_logs(level=settings.level)
    log = structlog.get_logger("recoup.watch")
    core, terms = _core(settings), _terms(settings)
    halts: list[BaseException] = []

    def halted(fault: BaseException) -> None:
        halts.append(fault)
        signal.raise_signal(signal.SIGTERM)  # a supervisor starts the process again: recovery

    files = Files(settings.rules, settings.policy, settings.model, settings.lists)
    figures = Figures()
    clock = SystemClock()
    keeping = Keeping(settings.data)
    desk = Desk(core, keeping, terms, figures, halted, lambda: microseconds_of(clock.now()))
    settings.data.mkdir(parents=True, exist_ok=True)
    linking = None if settings.centre is None else Linking(settings.centre, core, desk)
    records = desk.recover()
    desk.configure(read_files(files, settings.currencies))
    core.warm()  # with the rules and the model that decide; nobody is told that it is ready before

    def read() -> bytes:
        return read_files(files, settings.currencies)

    changes = Changes(desk, read, lambda: dict(core.versions()), core.warm)
    callers = Callers(settings.callers, settings.operators)
    health = None if linking is None else linking.said
    appeal = None if linking is None else linking.appeals()
    if not settings.operators:  # nobody could pass an objection on: nothing is promised that is not
        core.appeal_seconds = 0
    given = (desk, changes, figures, clock, callers)
    service = Service(*given, health=health, appeal=appeal, pacs_channels=settings.pacs_channels)
    if linking is not None:
        figures.follow_copy(linking.age, linking.is_old, linking.version)

    def started(port: int, _: object) -> None:
        if linking is not None:
            linking.start()
        print(f"Listening on http://{settings.host}:{port}", flush=True)

    log.info("started", records=records, **core.versions())
    try:
        asyncio.run(serve(service, desk, changes, settings.host, settings.port, started))
    finally:
        if linking is not None:
            linking.stop()
    log.info("stopped")
    return not halts


def _core(settings: WatchSettings) -> WatchCore:
    """Return the core that decides, empty."""
    from recoup.cli.watch_link import is_own
    from recoup.watching.service import WatchCore

    return WatchCore(
        settings.currencies,
        settings.accounts_max,
        settings.rows_followed,
        settings.catch_seconds,
        is_ours=is_own(settings.centre),
    )


def _terms(settings: WatchSettings) -> Terms:
    """Return when scoring is given up, and how often the state is kept."""
    from recoup.watching.service import Terms

    return Terms(
        settings.shed_payments,
        settings.shed_milliseconds / 1e3,
        settings.early_milliseconds / 1e3,
        settings.snapshot_minutes * 60.0,
        settings.lapse_seconds,
    )


__all__ = ["register_serve"]
