"""pacs.008 in, pacs.002 out: what goes on, waits or is over, and why; nothing that XML can hide gets in."""

from __future__ import annotations

import pytest
from lxml import etree
from watch_service import Running

from recoup import limits
from recoup.watch.decision import remedy_of
from recoup.watching.service.pacs import NAMESPACE, STATUSES, Names, write_pacs002
from recoup.watching.service.port import DECISIONS, Answers, Extra, Reason

IN = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"


def transfer(id_: str, amount: str = "12.50", payer: str = "acc-a", currency: str = "CNY") -> str:
    return f"""<CdtTrfTxInf><PmtId><EndToEndId>end-{id_}</EndToEndId><TxId>{id_}</TxId></PmtId>
<IntrBkSttlmAmt Ccy="{currency}">{amount}</IntrBkSttlmAmt>
<DbtrAcct><Id><Othr><Id>{payer}</Id></Othr></Id></DbtrAcct>
<CdtrAcct><Id><IBAN>acc-b</IBAN></Id></CdtrAcct></CdtTrfTxInf>"""


def message(
    *transfers: str, count: int | None = None, created="2026-11-23T10:00:00+08:00"
) -> bytes:
    stated = len(transfers) if count is None else count
    return f"""<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{IN}"><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>msg-1</MsgId><CreDtTm>{created}</CreDtTm><NbOfTxs>{stated}</NbOfTxs></GrpHdr>
{"".join(transfers)}</FIToFICstmrCdtTrf></Document>""".encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("watch")) as found:
        found.inform("stop", b"acc-stopped")
        yield found


def send(running, body: bytes):
    headers = {"content-type": "application/xml"}
    return running.client.post("/v1/pacs008", content=body, headers=headers)


def rows(answer) -> list[dict[str, str]]:
    report = etree.fromstring(answer.content)
    found = []
    for one in report.iter(f"{{{NAMESPACE}}}TxInfAndSts"):
        row = {etree.QName(leaf).localname: leaf.text for leaf in one.iter() if leaf.text}
        found.append(row)
    return found


def test_each_transaction_gets_its_status_and_what_waits_or_is_over_a_reason(running):
    answer = send(
        running,
        message(
            transfer("x-1"),
            transfer("x-2", payer="acc-stopped"),
            transfer("x-3", amount="99999999.00"),
            transfer("x-4", amount="-1"),
            transfer("x-5", currency="ZZZ"),
        ),
    )
    assert answer.status_code == 200
    found = rows(answer)
    assert [row["TxSts"] for row in found] == ["ACCP", "RJCT", "PDNG", "RJCT", "RJCT"]
    assert [row.get("Cd") for row in found] == [None, "AC06", "FR01", "AM12", "AM03"]
    assert [row["OrgnlTxId"] for row in found] == ["x-1", "x-2", "x-3", "x-4", "x-5"]
    assert found[0]["OrgnlEndToEndId"] == "end-x-1"
    assert "amount_not_positive" in found[3]["AddtlInf"]
    assert b"<OrgnlMsgId>msg-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08<" in answer.content


def test_the_same_message_again_is_booked_once(running):
    before = send(running, message(transfer("again")))
    paid = dict(running.core.paid)
    assert rows(send(running, message(transfer("again")))) == rows(before)
    assert running.core.paid == paid


def test_every_decision_has_a_status():
    assert set(STATUSES) == set(DECISIONS)


DEEP = limits.WATCH_MESSAGE_DEPTH_MAX
BAD = {
    "nothing": b"",
    "text": b"hello",
    "another message": b"<Document><Other/></Document>",
    "no transactions": message(),
    "a wrong count": message(transfer("a"), count=2),
    "no zone": message(transfer("a"), created="2026-11-23T10:00:00"),
    "no time": message(transfer("a"), created=""),
    "cut short": message(transfer("a"))[:-30],
    "an entity": b'<!DOCTYPE d [<!ENTITY e "x">]>' + message(transfer("&e;")),
    "a file": b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document>&e;</Document>',
    "utf-16 with an entity": '<!DOCTYPE d [<!ENTITY e "x">]><Document>&e;</Document>'.encode(
        "utf-16"
    ),
    "too deep": message("<a>" * DEEP + "</a>" * DEEP),
    "very deep": b"<a>" * 100_000,
    "an unknown encoding": b'<?xml version="1.0" encoding="none"?><Document/>',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_no_pacs008_is_refused_as_a_whole(running, body):
    before = running.core.snapshot()
    answer = send(running, body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:recoup:problem:message_unreadable"
    assert running.core.snapshot() == before


def test_depth_at_the_bound_is_taken(running):
    inner = DEEP - 2  # Document and FIToFICstmrCdtTrf stand around
    body = message(transfer("deep"), "<a>" * inner + "</a>" * inner, count=1)
    assert send(running, body).status_code == 200


UNTIL_US = 1_795_428_000_000_000
TOLD = [("RULE", name) for name in ("WARN", "DELAY", "HOLD", "REFUSE")]
TOLD += [(ground, name) for ground in ("ORDER", "MEASURE") for name in ("HOLD", "REFUSE")]


@pytest.mark.parametrize(("ground", "action"), TOLD)
@pytest.mark.parametrize("reasons", [1, 20])
@pytest.mark.parametrize("id_", ["p-1", "x" * 128])
def test_the_remedy_stands_behind_the_reasons_in_whole_sentences_as_far_as_there_is_room(
    ground, action, reasons, id_
):
    remedy = remedy_of(id_, action, ground, UNTIL_US)
    given = tuple(Reason(f"R{at}", "why " * 40, "") for at in range(reasons))
    answers = Answers.blank(1)
    answers.decisions[0] = DECISIONS.index(action.lower())
    answers.extras[0] = Extra(reasons=given, expires_us=UNTIL_US, remedy=remedy)
    written = write_pacs002(Names("m", "pacs.008", [("", id_, "")]), answers, "a", UNTIL_US)
    lines = [one.text for one in etree.fromstring(written).iter(f"{{{NAMESPACE}}}AddtlInf")]
    assert len(lines) <= 8
    assert max(map(len, lines)) <= 105
    said = [line for line in lines if not line.startswith("R")]
    assert len(lines) - len(said) == min(reasons, 4)
    whole = "".join(said).replace(" ", "")
    kept = [step.english.replace(" ", "") for step in remedy.steps]
    kept = [one for one in kept if one in whole]
    assert "".join(kept) == whole, "no part of a sentence"
    assert kept[0] == remedy.steps[0].english.replace(" ", ""), "how it ends is always said"
    if reasons == 1 and id_ == "p-1":
        assert len(kept) == len(remedy.steps)
