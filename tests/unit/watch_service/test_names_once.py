"""A name that stands twice in a body of `recoup watch serve` is refused as at the centre, however hidden; nothing else is."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from waiting_payments import CALLERS, core
from watch_service import Running

from recoup.watching.service import bodies, once
from recoup.watching.service.bodies import is_batch, read_body
from recoup.watching.service.problems import ProblemError

NAMES = ("id", "amount", "currency", "time", "payer", "payee", "kind", "channel")
TEXTS = ("acc-1", "", "payer", "{", "}", "},{", "\\", '"', ":", "payments", "kind", "汪")


def plain() -> dict[str, str]:
    return {"id": "p", "amount": "1.00", "currency": "CNY", "time": "2026-03-01T08:00:00Z"}


def row(chance: random.Random) -> list[tuple[str, str]]:
    """Return a payment as pairs: in any order, with texts that look like names, with optional ones left out or empty."""
    values = {"amount": "12.50", "currency": "CNY", "time": "2026-03-01T08:00:00Z"}
    values |= {"id": chance.choice(TEXTS) or "p", "payer": chance.choice(TEXTS)}
    values |= {"payee": chance.choice(TEXTS), "kind": "", "channel": "remote"}
    for name in ("payer", "payee", "kind", "channel"):
        if chance.random() < 0.3:
            del values[name]
    pairs = list(values.items())
    chance.shuffle(pairs)
    return pairs


def name_of(name: str, chance: random.Random) -> str:
    at = chance.randrange(len(name))
    hidden = f"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}"
    return hidden if chance.random() < 0.1 else name


def written(pairs: list[tuple[str, str]], chance: random.Random) -> str:
    space = chance.choice(("", " ", "\n"))
    parts = (f'"{name_of(k, chance)}"{space}:{space}{json.dumps(v)}' for k, v in pairs)
    return "{" + f",{space}".join(parts) + "}"


def body_of(rows: list[list[tuple[str, str]]], chance: random.Random) -> bytes:
    if len(rows) == 1 and chance.random() < 0.5:
        return written(rows[0], chance).encode()
    return ('{"payments":[' + ",".join(written(one, chance) for one in rows) + "]}").encode()


def is_ambiguous(body: bytes) -> bool:
    """The plain twin: read all pairs."""
    found: list[bool] = []

    def seen(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found.append(any(names.count(name) > 1 for name in names))

    json.loads(body, object_pairs_hook=seen)
    return any(found)


def is_refused(body: bytes) -> bool:
    try:
        read_body(body, is_batch=is_batch(body))
    except ProblemError as problem:
        if problem.name != "body_ambiguous":
            raise
        return True
    return False


def worlds(count: int) -> list[bytes]:
    """Return bodies of which about half have one name twice somewhere, often with the same value."""
    found = []
    for seed in range(count):
        chance = random.Random(seed)
        rows = [row(chance) for _ in range(chance.choice((1, 1, 2, 5)))]
        if chance.random() < 0.5:
            one = chance.choice(rows)
            name, value = chance.choice(one)
            one.insert(chance.randrange(len(one) + 1), (name, chance.choice((value, ""))))
            if name in {"amount", "currency", "time", "id", "channel"}:
                one[:] = [(k, v if v or k != name else value) for k, v in one]
        found.append(body_of(rows, chance))
    return found


def test_exactly_the_bodies_with_a_name_twice_are_refused() -> None:
    found = [(is_refused(body), is_ambiguous(body), body) for body in worlds(4000)]
    assert [row for row in found if row[0] != row[1]] == []
    assert 1000 < sum(refused for refused, _, _ in found) < 3000


@pytest.mark.parametrize("name", NAMES)
def test_each_name_counts_in_the_second_row_as_in_the_first(name: str) -> None:
    plain = row(random.Random(1))
    whole = {**dict(plain), "payer": "a", "payee": "b", "kind": "", "channel": "remote"}
    text = json.dumps(whole)
    twice = text[:-1] + f", {json.dumps(name)}: {json.dumps(whole[name])}}}"
    assert not is_refused(f'{{"payments":[{text},{text}]}}'.encode())
    for rows in ((twice, text), (text, twice)):
        assert is_refused(f'{{"payments":[{",".join(rows)}]}}'.encode())
    assert is_refused(twice.encode())


def test_payments_that_stand_twice_are_refused() -> None:
    """Else a proxy may have looked at the first, and the last are decided."""
    text = json.dumps(dict(row(random.Random(2))))
    for more in (f',"payments":[{text}]', ',"payments":[]', ',"p\\u0061yments":[]'):
        assert is_refused(f'{{"payments":[{text}]{more}}}'.encode())


def test_plain_payments_are_not_read_with_their_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes longer than to decide them: not where nothing is hidden, an empty payer included."""

    def never(_: bytes) -> None:
        pytest.fail("read again")

    monkeypatch.setattr(once, "check_once", never)
    one = plain()
    rows = [{**one, "payer": "", "payee": "b"}, {**one, "payer": "a"}, {**one, "payee": "c"}]
    assert not is_refused(json.dumps({"payments": rows}).encode())
    assert not is_refused(json.dumps(rows[0]).encode())


def test_a_reader_that_takes_the_last_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without the check every one of them is taken."""
    monkeypatch.setattr(bodies, "check_payments", lambda *_: None)
    wrong = [body for body in worlds(200) if is_ambiguous(body)]
    assert wrong
    assert not any(map(is_refused, wrong))


def test_what_stands_twice_is_refused_at_every_address(tmp_path: Path) -> None:
    asked = {
        "/v1/decisions": json.dumps(plain())[:-1] + ', "id": "q"}',
        "/v1/lists/check": '{"accounts":["a"],"accounts":["b"]}',
        "/v1/waiting/release": '{"id":"a","id":"b"}',
        "/v1/waiting/cancel": '{"id":"a","id":"b"}',
        "/v1/configuration/approval": '{"digest":"a","digest":"b"}',
    }
    headers = {"content-type": "application/json", "authorization": "Bearer ann-token"}
    with Running(tmp_path, core(), callers=CALLERS) as running:
        for path, body in asked.items():
            answer = running.client.post(path, content=body.encode(), headers=headers)
            problem = answer.json()["type"].rsplit(":", 1)[1]
            assert (answer.status_code, problem) == (400, "body_ambiguous"), path
