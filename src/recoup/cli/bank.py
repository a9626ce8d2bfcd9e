"""`recoup bank`: a bank's side: keys, the agent, a sandbox bank, the acceptance cards. The work is done in `recoup.bank`.

Exit codes: 0 done; 1 a card failed; 2 something given could not be used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recoup.cli import holders

if TYPE_CHECKING:
    from recoup.bank.conformance import Desk
    from recoup.bank.core import CoreBanking
    from recoup.bank.polling import Line
    from recoup.bank.sandbox import Script
    from recoup.bank.serving import Setting
    from recoup.orders import InstitutionKind

Institution = Annotated[str, typer.Option("--institution", help="Who the bank is to the centre.")]
Centre = Annotated[str, typer.Option("--centre", help="Who the centre is: owner of its keys.")]
Keys = Annotated[
    list[Path], typer.Option("--key", help="The bank's own key. More than one while rotating.")
]
Trusted = Annotated[
    list[Path], typer.Option("--trust", help="A public key of the centre. May be repeated.")
]
Books = Annotated[Path, typer.Option("--books", help="File of orders and holds.")]
PolicyName = Annotated[str, typer.Option("--policy", help="Terms of stops and freezes.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]
Poll = Annotated[
    str, typer.Option("--poll", metavar="URL", help="Ask the centre for orders there.")
]
AnswersTo = Annotated[
    str, typer.Option("--answers-to", metavar="URL", help="Post late answers to the centre there.")
]
Sort = Annotated[
    str, typer.Option("--kind", help="bank, payment, aggregator or exchange: what it is.")
]
Locale = Annotated[str, typer.Option("--language", help="zh or en: in which holders are told.")]

_OBJECTING_SECONDS_MAX = 60


def register(app: typer.Typer) -> None:
    """Add the command group `bank` to the program."""
    group = typer.Typer(
        name="bank", help="A bank's side: keys, agent, sandbox, acceptance.", no_args_is_help=True
    )
    group.command("keys", epilog="Example: recoup bank keys bank-a --out keys")(keys)
    group.command("serve", epilog="Example: recoup bank serve --help")(serve)
    group.command("sandbox", epilog="Example: recoup bank sandbox --script bank.toml --help")(
        sandbox
    )
    group.command(
        "conformance", epilog="Example: recoup bank conformance http://127.0.0.1:8700 --help"
    )(conformance)
    holders.register(group)
    group.command("paper", epilog="Example: recoup bank paper order.jws --help")(paper)
    app.add_typer(group)


@contextmanager
def _faults() -> Iterator[None]:
    """Say what could not be used, and end with 2."""
    from recoup.errors import Fault

    try:
        yield
    except (Fault, OSError) as fault:
        print(f"recoup bank: {fault}", file=sys.stderr)
        raise typer.Exit(2) from fault


def keys(
    owner: Annotated[str, typer.Argument(help="Whose key: an institution or the centre.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for both files.")] = Path(),
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it counts.")] = 400,
    after: Annotated[
        int, typer.Option("--after", min=0, max=3660, help="In how many days it begins to count.")
    ] = 0,
) -> None:
    """Make a key: OWNER.key.json for oneself alone, OWNER.public.json for the other side."""
    from datetime import timedelta

    from recoup.clock import SystemClock
    from recoup.messages import generate_key, write_key, write_public

    now = SystemClock().now()
    with _faults():
        begin = now + timedelta(days=after) if after else now - timedelta(hours=1)
        key = generate_key(owner, begin, now + timedelta(days=after + days))
        out.mkdir(parents=True, exist_ok=True)
        stem = f"{owner}-{key.public.id[:8]}"
        write_key(key, out / f"{stem}.key.json")
        write_public(key.public, out / f"{stem}.public.json")
    print(out / f"{stem}.key.json")
    print(out / f"{stem}.public.json")


def serve(
    institution: Institution,
    centre: Centre,
    key: Keys,
    trust: Trusted,
    books: Books,
    core: Annotated[
        str,
        typer.Option(
            "--core", metavar="MODULE:FUNCTION", help="Makes the port to the core system."
        ),
    ],
    *,
    policy: PolicyName = "cn-2016",
    match_seconds: Annotated[
        int, typer.Option("--match-seconds", min=0, help="Slack of an arrival's time.")
    ] = 600,
    host: Host = "127.0.0.1",
    port: Port = 8700,
    poll: Poll = "",
    answers_to: AnswersTo = "",
    language: Locale = "zh",
    kind: Sort = "bank",
) -> None:
    """Run the agent beside a core system: orders in, signed answers out. Give TLS to a proxy in front of it."""
    from recoup.bank.serving import Setting, load_core

    with _faults():
        found = load_core(core)
        setting = Setting(
            institution,
            centre,
            key,
            trust,
            books,
            policy,
            match_seconds,
            poll,
            answers_to,
            language,
            _kind_of(kind),
        )
        _run(setting, found, None, host, port)


def sandbox(
    script: Annotated[Path, typer.Option("--script", help="Accounts and behaviour: TOML.")],
    centre: Centre,
    key: Keys,
    trust: Trusted,
    books: Books,
    *,
    policy: PolicyName = "cn-2016",
    host: Host = "127.0.0.1",
    port: Port = 8700,
    poll: Poll = "",
    answers_to: AnswersTo = "",
    language: Locale = "zh",
    watch: Annotated[
        float,
        typer.Option(
            "--watch",
            metavar="HOURS",
            help="Hold stolen money that a payment would move on, so long; needs --poll or --answers-to.",
        ),
    ] = 0.0,
) -> None:
    """Run a simulated bank that answers at once, late, wrongly, twice or never, as its script says."""
    from recoup.bank.sandbox import read_script
    from recoup.bank.serving import Setting
    from recoup.clock import SystemClock

    with _faults():
        found = read_script(script)
        setting = Setting(
            found.institution,
            centre,
            key,
            trust,
            books,
            policy,
            found.match_seconds,
            poll,
            answers_to,
            language,
            found.kind,
        )
        if watch and not (poll or answers_to):
            raise typer.BadParameter("expected --poll or --answers-to, where the centre is")
        if watch:
            _run_watched(setting, found, host, port, watch)
        else:
            _run(setting, found.core(SystemClock()), found, host, port)


def _kind_of(kind: str) -> InstitutionKind:
    """Return what an institution is; end with 2 for no such thing."""
    from recoup.orders import InstitutionKind

    if kind not in set(InstitutionKind):
        raise typer.BadParameter(f"--kind: expected one of {', '.join(InstitutionKind)}")
    return InstitutionKind(kind)


def _run(setting: Setting, core: CoreBanking, script: Script | None, host: str, port: int) -> None:
    from recoup.bank.serving import agent_for, listening, serve, serving

    agent, store = agent_for(setting, core, script)
    on = listening(host, port)
    print(f"{setting.institution} listens on http://{host}:{on.getsockname()[1]}", flush=True)
    serve(serving(setting, agent, store), on)


def _run_watched(setting: Setting, script: Script, host: str, port: int, hours: float) -> None:
    """Run a simulated bank whose payments pass a stream, with a link to the centre."""
    from datetime import timedelta

    from recoup.bank.link import Link
    from recoup.bank.sandbox.watched import watched_core
    from recoup.bank.serving import agent_for, listening, serve, serving
    from recoup.clock import SystemClock
    from recoup.watch.stolen import Copy

    clock = SystemClock()
    core = watched_core(script, clock, timedelta(hours=hours))
    agent, store = agent_for(setting, core, script)

    def linked(line: Line) -> Callable[[], None]:
        given = (agent, line, Copy(core.flow, core), core, core)
        link = Link(*given, institution=setting.institution, clock=clock, heard=_say)
        core.link = link

        def work() -> None:
            link.poll()
            core.settle()
            link.post()

        return work

    on = listening(host, port)
    print(f"{setting.institution} listens on http://{host}:{on.getsockname()[1]}", flush=True)
    serve(serving(setting, agent, store, linked), on)


def _say(what: str) -> None:
    print(f"watch: {what}", file=sys.stderr, flush=True)


def conformance(
    url: Annotated[str, typer.Argument(help="Where the bank's implementation listens.")] = "",
    *,
    institution: Annotated[str, typer.Option("--institution")] = "bank-under-test",
    key: Annotated[
        Path | None, typer.Option("--key", help="The centre's private key that the bank pinned.")
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="A public key of the bank.")
    ] = None,
    policy: PolicyName = "cn-2016",
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Print the accounts that the bank must set up first.")
    ] = False,
    objecting: Annotated[
        str,
        typer.Option(
            "--objecting",
            metavar="COMMAND",
            help="Files an objection at the bank: gets the order as its last word, the holder's words on a pipe.",
        ),
    ] = "",
    kind: Sort = "bank",
) -> None:
    """Play the acceptance cards against a bank's implementation; end with 1 if one of them fails."""
    from recoup.bank.conformance import accounts_text, play

    if accounts:
        print(accounts_text(), end="")
        return
    if not url or key is None or not trust:
        raise typer.BadParameter("expected URL, --key and --trust, or --accounts")
    verdicts = []
    with _faults():
        desk = _desk(url, institution, key, trust, policy)
        desk.object_to = _objecting(objecting) if objecting else None
        desk.kind = _kind_of(kind)
        for verdict in play(desk):
            verdicts.append(verdict)
            word = "----" if verdict.is_left_out else "FAIL" if verdict.why else "pass"
            print(f"{verdict.card.number:>3}  {word}  {verdict.card.what}")
            if verdict.why:
                print(f"           {verdict.why}")
    passed = sum(not verdict.why for verdict in verdicts)
    left_out = sum(verdict.is_left_out for verdict in verdicts)
    print(f"{passed} of {len(verdicts) - left_out} cards passed, {left_out} left out")
    if passed + left_out < len(verdicts):
        raise typer.Exit(1)


def _objecting(command: str) -> Callable[[str, str], None]:
    """Return what has a holder object at the bank, by a command of the bank's own."""
    import shlex
    import subprocess

    from recoup.errors import GatewayFault

    def object_to(order: str, words: str) -> None:
        done = subprocess.run(  # noqa: S603 - the operator's own command, on the operator's own machine
            [*shlex.split(command), order],
            input=words.encode(),
            capture_output=True,
            check=False,
            timeout=_OBJECTING_SECONDS_MAX,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[:200]
            raise GatewayFault(f"the objecting command ended with {done.returncode}: {said}")

    return object_to


def paper(
    file: Annotated[Path, typer.Argument(help="A signed order, or what the QR code says.")],
    *,
    trust: Annotated[
        list[Path], typer.Option("--trust", help="A public key of the centre. May be repeated.")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="The PDF to write.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the signature and show the order.")
    ] = False,
    language: Annotated[str, typer.Option("--language", help="zh or en.")] = "zh",
    timezone: Annotated[str, typer.Option("--timezone", help="Zone of times.")] = "Asia/Shanghai",
) -> None:
    """Set a signed order on paper, with its QR code and an answer sheet; or check one that came on paper."""
    from typing import cast

    from recoup.messages import KeyRing, encode, open_paper, read_public
    from recoup.paper import order_pdf
    from recoup.paper.words import LANGUAGES, Language

    if language not in LANGUAGES or (out is None) is not check:
        raise typer.BadParameter("expected --out or --check, and --language zh or en")
    with _faults():
        data = file.read_bytes().strip()
        opened = open_paper(data, KeyRing([read_public(path) for path in trust]))
        if out is None:
            print(f"signed by {opened.issuer} at {opened.signed_at:%Y-%m-%dT%H:%M:%SZ}")
            print(encode(opened.message).decode())
        else:
            chosen = cast("Language", language)
            out.write_bytes(order_pdf(opened, data, language=chosen, timezone=timezone))


def _desk(url: str, institution: str, key: Path, trust: list[Path], policy: str) -> Desk:
    import httpx

    from recoup.bank.conformance import Desk
    from recoup.clock import SystemClock
    from recoup.ids import RandomIds
    from recoup.messages import KeyRing, read_key, read_public
    from recoup.reading.policies import read_policy

    ids, clock = RandomIds(), SystemClock()
    return Desk(
        httpx.Client(base_url=url, timeout=30),
        read_key(key),
        KeyRing([read_public(path) for path in trust]),
        institution,
        read_policy(policy),
        clock,
        ids,
        run=ids.new("run")[-8:],
        epoch=int(clock.now().timestamp()),  # above every run before
    )


__all__ = ["register"]
