"""A served watch whose one live rule delays small payments, for tests: who pays, who lets go on, who takes back."""

from __future__ import annotations

from deciding import HEAD, rule_text
from watch_service import Running, token_digest

from recoup.watching.rule_files import read_rules
from recoup.watching.service import Callers, Files, Terms, read_files
from recoup.watching.service.core import WatchCore

SECOND = 1_000_000
NOON = 1_795_428_000_000_000
PATIENT = Terms(shed_seconds=60.0, early_seconds=60.0)
CALLERS = Callers(
    {token_digest("core-token"): "core-banking"}, {token_digest("ann-token"): "operator-1"}
)


def core() -> WatchCore:
    return WatchCore(("CNY",), 64, rows_followed=100)


def configuration(folder) -> bytes:
    """Return what a live rule and the shipped policy say as files."""
    file, text = folder / "rules.toml", HEAD + rule_text("small", "amount < 250.00 CNY", "delay")
    file.write_text(text)
    (rule,) = read_rules(file, currencies=("CNY",)).rules
    file.write_text(f'{text}mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"\n')
    return read_files(Files(str(file), "cn"), ("CNY",))


def end(running: Running, how: str, token: str, id_: str = "p-1"):
    headers = {"authorization": f"Bearer {token}"}
    return running.client.post(f"/v1/waiting/{how}", json={"id": id_}, headers=headers)


def pay(
    running: Running, id_: str, payer: str = "acc-a", at: str = "2026-11-23T10:00:00Z"
) -> dict[str, object]:
    row = {"id": id_, "payer": payer, "payee": "acc-b", "amount": "12.50", "currency": "CNY"}
    headers = {"authorization": "Bearer core-token"}
    body = row | {"time": at}
    return running.client.post("/v1/decisions", json=body, headers=headers).json()


def outcome(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"]
