"""`recoup bank` as an operator runs it: make keys, start a sandbox bank, examine it, end it; what cannot be used is named."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from program import recoup, start

from recoup.bank.conformance import DECK

RECOUP = [sys.executable, "-c", "from recoup.cli import main; main()", "bank"]

OF_OTHERS = sum(100 < card.number < 108 for card in DECK)
"""Cards for institutions that are no banks."""
OF_BANKS = len(DECK) - OF_OTHERS


def _run(*options: object) -> CompletedProcess[str]:
    return recoup("bank", *options)


@pytest.fixture
def keys(tmp_path) -> dict[str, Path]:
    found = {}
    for owner in ("centre", "bank-under-test"):
        private, public = _run("keys", owner, "--out", tmp_path).stdout.split()
        found[owner], found[f"{owner} public"] = Path(private), Path(public)
    return found


def test_a_sandbox_bank_is_examined_and_ends_when_told(tmp_path, keys):
    accounts, books = tmp_path / "accounts.toml", tmp_path / "books.sqlite"
    accounts.write_text(_run("conformance", "--accounts").stdout, encoding="utf-8")
    options = [
        "--script", accounts, "--centre", "centre", "--key", keys["bank-under-test"],
        "--trust", keys["centre public"], "--books", books, "--port", 0,
    ]  # fmt: skip
    bank = start("bank", "sandbox", *options, is_quiet=True, is_cold=True)
    try:
        url = bank.stdout.readline().split()[-1]
        asked = ["--key", keys["centre"], "--trust", keys["bank-under-test public"]]
        objecting = shlex.join([*RECOUP, "appeal", "--statement", "-", "--books", str(books)])
        seen = _run("conformance", url, *asked, "--objecting", objecting)
        assert seen.returncode == 0, seen.stdout + seen.stderr
        assert f"{OF_BANKS} of {OF_BANKS} cards passed, {OF_OTHERS} left out" in seen.stdout
        stranger = tmp_path / "stranger"
        private, _ = _run("keys", "centre", "--out", stranger).stdout.split()
        wrong = _run("conformance", url, "--key", private, *asked[2:])
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert "401" in wrong.stderr
    finally:
        bank.send_signal(signal.SIGTERM)
        assert bank.wait(20) in {0, -signal.SIGTERM}
        bank.stdout.close()


def test_the_agent_is_served_beside_a_core_system_of_ones_own(tmp_path, keys, monkeypatch):
    (tmp_path / "own_core.py").write_text(
        "import tomllib\n"
        "from recoup.bank.conformance import accounts_text\n"
        "from recoup.bank.sandbox import parse_script\n"
        "from recoup.clock import SystemClock\n"
        "def connect():\n"
        "    return parse_script(tomllib.loads(accounts_text())).core(SystemClock())\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))  # handed to every process that is started
    options = [
        "--institution", "bank-under-test", "--centre", "centre", "--key", keys["bank-under-test"],
        "--trust", keys["centre public"], "--books", tmp_path / "books.sqlite", "--port", 0,
        "--core", "own_core:connect",
    ]  # fmt: skip
    for _ in range(2):  # killed without a warning, and started again on the same books
        bank = start("bank", "serve", *options, is_quiet=True)
        try:
            url = bank.stdout.readline().split()[-1]
            asked = ["--key", keys["centre"], "--trust", keys["bank-under-test public"]]
            seen = _run("conformance", url, *asked)
            assert seen.returncode == 0, seen.stdout + seen.stderr
        finally:
            bank.kill()
            bank.wait(20)
            bank.stdout.close()


def test_a_broken_bank_ends_the_examination_with_one(tmp_path, keys):
    accounts = tmp_path / "accounts.toml"
    text = _run("conformance", "--accounts").stdout + '\n[[behaviour]]\ndo = "twice"\n'
    accounts.write_text(text, encoding="utf-8")
    options = [
        "--script", accounts, "--centre", "centre", "--key", keys["bank-under-test"],
        "--trust", keys["centre public"], "--books", tmp_path / "books.sqlite", "--port", 0,
    ]  # fmt: skip
    bank = start("bank", "sandbox", *options, is_quiet=True)
    try:
        url = bank.stdout.readline().split()[-1]
        seen = _run(
            "conformance", url, "--key", keys["centre"], "--trust", keys["bank-under-test public"]
        )
        assert seen.returncode == 1
        assert " 13  FAIL  repeat" in seen.stdout
        assert " 49  ----  a holder's objection" in seen.stdout
        failed = seen.stdout.count("  FAIL  ")  # what was held twice is missing to later cards too
        passed = f"{OF_BANKS - 1 - failed} of {OF_BANKS - 1} cards passed, {OF_OTHERS + 1} left out"
        assert passed in seen.stdout
    finally:
        bank.send_signal(signal.SIGTERM)
        bank.wait(20)
        bank.stdout.close()


def test_the_command_that_files_an_objection_gets_the_words_and_says_when_it_failed():
    from recoup.cli.bank import _objecting
    from recoup.errors import GatewayFault

    _objecting(f"{shlex.quote(sys.executable)} -c 'import sys; assert sys.stdin.read() == \"x\"'")(
        "o", "x"
    )
    with pytest.raises(GatewayFault, match="ended with 1"):
        _objecting("false")("order", "words")


def test_a_person_at_the_bank_works_on_the_books_of_an_agent_only(tmp_path):
    from recoup.bank import BankStore

    seen = _run("notices", "--books", tmp_path / "nothing.sqlite")
    assert (seen.returncode, "was no file" in seen.stderr) == (2, True)
    BankStore.open(tmp_path / "new.sqlite").close()
    seen = _run("appeals", "--books", tmp_path / "new.sqlite")
    assert (seen.returncode, "with which an agent was started" in seen.stderr) == (2, True)


def test_what_cannot_be_used_is_named(tmp_path, keys):
    script = tmp_path / "s.toml"
    script.write_text("surprise = 1")
    given = ["--centre", "centre", "--books", tmp_path / "b.sqlite"]
    own = ["--key", keys["bank-under-test"], "--trust", keys["centre public"]]
    seen = _run("sandbox", "--script", script, *given, *own)
    assert (seen.returncode, "surprise" in seen.stderr) == (2, True)
    seen = _run("serve", "--institution", "bank-under-test", *given, *own, "--core", "no.such:core")
    assert (seen.returncode, "no.such:core" in seen.stderr) == (2, True)
    handed_out = ["--key", keys["bank-under-test"], "--trust", keys["centre"]]
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(_run("conformance", "--accounts").stdout, encoding="utf-8")
    seen = _run("sandbox", "--script", accounts, *given, *handed_out)
    assert (seen.returncode, "private key" in seen.stderr) == (2, True)
    assert _run("conformance", "http://127.0.0.1:9").returncode == 2


def test_an_order_is_set_on_paper_and_checked(tmp_path, keys):
    from banks import order

    from recoup.clock import SystemClock
    from recoup.messages import read_key, seal
    from recoup.orders import OrderKind

    told, now = order(OrderKind.STOP), SystemClock().now()
    signed = tmp_path / "order.jws"
    key = read_key(keys["centre"])
    signed.write_bytes(seal(told, key, audience=told.institution, jti="j", now=now) + b"\n")
    trust = ["--trust", keys["centre public"]]
    seen = _run("paper", signed, *trust, "--out", tmp_path / "order.pdf", "--language", "en")
    assert (seen.returncode, seen.stderr) == (0, "")
    assert (tmp_path / "order.pdf").read_bytes().startswith(b"%PDF")
    assert told.id in _run("paper", signed, *trust, "--check").stdout
    wrong = _run("paper", signed, "--trust", keys["bank-under-test public"], "--check")
    assert (wrong.returncode, "issuer_unknown" in wrong.stderr) == (2, True)
    assert _run("paper", signed, *trust).returncode == 2
