"""Bodies for the watch service, whole ones spoilt at random: each is answered or refused by name, and never with a 500."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from watch_service import Running, payment

SPOILT = 150
KINDS = {
    "/v1/decisions": "application/json",
    "/v1/decisions.arrow": "application/vnd.apache.arrow.stream",
    "/v1/pacs008": "application/xml",
}


def whole(path: str, number: int) -> bytes:
    rows = [payment(id=f"{path}-{number}-{at}") for at in range(3)]
    if path == "/v1/decisions":
        return json.dumps({"payments": rows}).encode()
    if path == "/v1/pacs008":
        return (
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf><GrpHdr><MsgId>m</MsgId>'
            "<CreDtTm>2026-11-23T10:00:00Z</CreDtTm></GrpHdr><CdtTrfTxInf><PmtId><EndToEndId>e</EndToEndId>"
            f"<TxId>x-{number}</TxId></PmtId>"
            '<IntrBkSttlmAmt Ccy="CNY">1.00</IntrBkSttlmAmt><DbtrAcct><Id><IBAN>a</IBAN></Id></DbtrAcct>'
            "<CdtrAcct><Id><IBAN>b</IBAN></Id></CdtrAcct></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>"
        ).encode()
    columns = {name: [row[name] for row in rows] for name in ("id", "payer", "payee", "currency")}
    time = pa.array([1_700_000_000_000_000] * 3, pa.timestamp("us", "UTC"))
    made = pa.record_batch({**columns, "amount": ["1.00"] * 3, "time": time})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_batch(made)
    return sink.getvalue().to_pybytes()


def spoilt(body: bytes, draw: random.Random) -> bytes:
    """Return the body with bytes changed, cut out, doubled or put in."""
    found = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(found))
        match draw.randrange(4):
            case 0:
                found[at] = draw.randrange(256)
            case 1:
                del found[at : at + draw.randint(1, 40)]
            case 2:
                found[at:at] = found[at : at + draw.randint(1, 40)]
            case _:
                found[at:at] = draw.choice(
                    (b"\0", b"\xff\xff\xff\x7f", b"9" * 30, b'"', b"<a>", b"-")
                )
        if not found:
            return b""
    return bytes(found)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("watch")) as found:
        yield found


def statuses(running, path: str, seed: int) -> set[int]:
    draw, seen = random.Random(seed), set()
    for number in range(SPOILT):
        body = spoilt(whole(path, number), draw)
        answer = running.client.post(path, content=body, headers={"content-type": KINDS[path]})
        seen.add(answer.status_code)
        if answer.status_code >= 400:
            assert answer.json()["type"].startswith("urn:recoup:problem:")
    return seen


@pytest.mark.parametrize("path", KINDS)
def test_spoilt_bodies_are_answered_or_refused_by_name(running, path):
    assert running.client.post(
        path, content=whole(path, -1), headers={"content-type": KINDS[path]}
    ).is_success
    seen = statuses(running, path, 1)
    assert 500 not in seen
    assert len(seen) > 1, "spoilt bodies were all taken, or all refused"


def test_the_control_a_reader_that_trusts_its_input_is_found(running, monkeypatch):
    from recoup.watching.service import app

    def trusting(body, **_):
        return json.loads(body)["payments"][0]["nothing"]

    monkeypatch.setattr(app, "read_body", trusting)
    assert 500 in statuses(running, "/v1/decisions", 1)
