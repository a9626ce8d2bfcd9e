"""A payment says where it was made: a measure that lets debits out at the counter only lets them out there, over HTTP too."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pyarrow as pa
import pytest
from waiting_payments import NOON, PATIENT
from watch_service import Running, payment

from recoup.care import MeasureGround, MeasureKind
from recoup.cli.watch_settings import _pacs_channels
from recoup.errors import SettingsFault
from recoup.watch.stolen import chain
from recoup.watch.told import Measured
from recoup.watching.service import Batch
from recoup.watching.service.core import WatchCore
from recoup.watching.service.keeping import Early
from recoup.watching.service.linked import CHAIN, _packed
from recoup.watching.service.port import CHANNELS

DAY = 86_400_000_000
TOLD = _packed(
    "origin",
    chain(
        [
            (
                NOON,
                Measured(
                    "m-1",
                    "acc-a",
                    "CNY",
                    MeasureKind.COUNTER_ONLY.value,
                    MeasureGround.RED_FLAG.value,
                    0,
                    NOON + 30 * DAY,
                ),
            )
        ]
    ),
    NOON,
)


def core() -> WatchCore:
    return WatchCore(("CNY",), 64, rows_followed=100, catch_seconds=600)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Have the compiled parts there before anything waits for an answer: on a fresh clone they take a minute."""
    core().warm()


@pytest.fixture
def running(tmp_path):
    with Running(tmp_path / "state", core(), PATIENT) as found:
        found.pay(id="first", payer="acc-a", payee="acc-b")
        found.inform(CHAIN, TOLD)
        yield found


def arrow_of(rows: list[dict[str, object]]) -> bytes:
    times = pa.array([NOON] * len(rows), pa.timestamp("us", "UTC"))
    columns = {name: pa.array([str(row[name]) for row in rows]) for name in rows[0]}
    table = pa.table({**columns, "time": times})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


ASKED = [("counter", "allow"), ("remote", "refuse"), ("", "refuse")]


@pytest.mark.parametrize(("channel", "decision"), ASKED)
def test_only_at_the_counter_a_debit_is_let_out(running, channel, decision):
    told = running.pay(id="p-1", channel=channel).json()
    assert told["decision"] == decision
    if decision == "refuse":
        assert told["reasons"][0]["code"] == "measure-counter-only"
        assert "m-1" in told["reasons"][0]["en"]
        assert "appeal to the centre" in told["remedy"]["en"]
        assert "向中心提出申诉" in told["remedy"]["zh"]


def test_without_the_field_it_is_not_known_and_so_not_the_counter(running):
    assert running.pay(id="p-1").json()["decision"] == "refuse"


@pytest.mark.parametrize("way", ["json", "arrow"])
def test_in_a_batch_each_payment_has_its_own(running, way):
    rows = [payment(id=f"p-{at}", channel=one) for at, (one, _) in enumerate(ASKED)]
    rows += [payment(id="p-other", payer="acc-c", channel="")]
    if way == "json":
        answer = running.client.post("/v1/decisions", json={"payments": rows}).json()
        found = [one["decision"] for one in answer["decisions"]]
    else:
        headers = {"content-type": "application/vnd.apache.arrow.stream"}
        answer = running.client.post("/v1/decisions.arrow", content=arrow_of(rows), headers=headers)
        table = pa.ipc.open_stream(answer.content).read_all()
        found = table["decision"].to_pylist()
        remedies = table["remedy"].to_pylist()
        assert [one is None for one in remedies] == [True, False, False, True]
        assert "appeal to the centre" in remedies[1]["en"]
    assert found == [*(decision for _, decision in ASKED), "allow"]


@pytest.mark.parametrize("channel", ["desk", "Counter", "counter "])
def test_an_unknown_channel_is_refused_by_name_and_in_a_batch_alone(running, channel):
    answer = running.pay(id="p-1", channel=channel)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("channel_unknown")
    rows = [payment(id="p-2", channel="counter"), payment(id="p-3", channel=channel)]
    told = running.client.post("/v1/decisions", json={"payments": rows}).json()["decisions"]
    assert [one.get("decision", "") for one in told] == ["allow", ""]
    assert (told[1]["refusal"], told[1]["field"]) == ("channel_unknown", "channel")


def test_the_same_payment_at_another_place_is_another_payment(running):
    assert running.pay(id="p-1", channel="counter").json()["decision"] == "allow"
    again = running.pay(id="p-1", channel="counter").json()
    assert (again["decision"], again["is_repeat"]) == ("allow", True)
    other = running.pay(id="p-1", channel="remote")
    assert other.status_code == 409
    assert other.json()["field"] == "channel"


def test_the_log_has_it_so_that_a_restart_decides_the_same(tmp_path):
    folder, other = tmp_path / "one", tmp_path / "two"
    with Running(folder, core(), PATIENT) as running:
        running.pay(id="first", payer="acc-a", payee="acc-b")
        running.inform(CHAIN, TOLD)
        assert running.pay(id="p-1", channel="counter").json()["decision"] == "allow"
        assert running.pay(id="p-2", channel="remote").json()["decision"] == "refuse"
        other.mkdir()
        for path in folder.iterdir():  # the disk as SIGKILL would leave it now
            (other / path.name).write_bytes(path.read_bytes())
        kept = running.core.snapshot()
    again = core()
    with Running(other, again, PATIENT) as running:  # stops where an answer differs
        assert running.records == 4
        assert again.snapshot() == kept
        assert running.pay(id="p-1", channel="counter").json()["is_repeat"]


def batch_of(*channels: int) -> Batch:
    count = len(channels)
    names = [[f"{word}-{at}" for at in range(count)] for word in ("id", "payer", "payee")]
    return Batch(*names, ["CNY"] * count, [1] * count, [NOON] * count, [0] * count, channels)


def test_batches_are_joined_and_cut_with_their_channels():
    plain, named = batch_of(0, 0), batch_of(1, 2)
    assert len(plain.columns()) == 7, "logs of payments without one stay as they are"
    assert list(Batch.joined([plain, plain]).channels) == []
    whole = Batch.joined([plain, named, replace(plain, channels=())])
    assert list(whole.channels) == [0, 0, 1, 2, 0, 0]
    assert [len(column) for column in whole.columns()] == [6] * 8
    assert list(whole.rows([2, 0]).channels) == [1, 0]
    assert Batch(*whole.columns()) == whole


def test_an_early_answer_keeps_it_until_the_thread_comes_to_the_payment():
    early = Early()
    for batch in (batch_of(0), replace(batch_of(0, 1), ids=["a", "b"])):
        early.add(batch, [0] * len(batch), [""] * len(batch))
    rows = list(early.waiting.values())
    found = Batch(*(list(column) for column in zip(*rows, strict=True)))
    assert [CHANNELS[one] for one in found.channels] == ["", "", "counter"]


def pacs(*kinds: str, of_all: str = "") -> bytes:
    """Return a pacs.008 with one payment for each content of its PmtTpInf; '' has none."""
    rows = "".join(
        f"<CdtTrfTxInf><PmtId><TxId>x-{at}</TxId></PmtId>{kind and f'<PmtTpInf>{kind}</PmtTpInf>'}"
        f'<IntrBkSttlmAmt Ccy="CNY">1.00</IntrBkSttlmAmt>'
        "<DbtrAcct><Id><Othr><Id>acc-a</Id></Othr></Id></DbtrAcct>"
        "<CdtrAcct><Id><IBAN>acc-b</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for at, kind in enumerate(kinds)
    )
    head = "<MsgId>m</MsgId><CreDtTm>2026-11-23T10:00:00Z</CreDtTm>"
    head += f"<PmtTpInf>{of_all}</PmtTpInf>" if of_all else ""
    body = f"<FIToFICstmrCdtTrf><GrpHdr>{head}</GrpHdr>{rows}</FIToFICstmrCdtTrf>"
    return f"<Document>{body}</Document>".encode()


COUNTER = "<LclInstrm><Prtry>CNTR</Prtry></LclInstrm>"
REMOTE = "<LclInstrm><Cd>NETB</Cd></LclInstrm>"
OTHER = "<LclInstrm><Prtry>CNTRX</Prtry></LclInstrm>"
ALSO_REMOTE = "<CtgyPurp><Prtry>NETB</Prtry></CtgyPurp>"
TOLD_BY = {"CNTR": "counter", "NETB": "remote"}


def statuses(running, body: bytes) -> list[str]:
    headers = {"content-type": "application/xml"}
    answer = running.client.post("/v1/pacs008", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return re.findall(r"<TxSts>(\w+)</TxSts>", answer.text)


def test_a_pacs008_says_the_channel_by_the_codes_of_the_scheme(tmp_path):
    with Running(tmp_path, core(), PATIENT, pacs_channels=TOLD_BY) as running:
        running.pay(id="first", payer="acc-a", payee="acc-b")
        running.inform(CHAIN, TOLD)
        kinds = ("", COUNTER, REMOTE, OTHER, COUNTER + ALSO_REMOTE)
        assert statuses(running, pacs(*kinds)) == ["RJCT", "ACCP", "RJCT", "RJCT", "RJCT"]


def test_a_payments_own_type_goes_before_the_whole_messages(tmp_path):
    with Running(tmp_path, core(), PATIENT, pacs_channels=TOLD_BY) as running:
        running.pay(id="first", payer="acc-a", payee="acc-b")
        running.inform(CHAIN, TOLD)
        assert statuses(running, pacs("", REMOTE, of_all=COUNTER)) == ["ACCP", "RJCT"]


def test_without_the_table_no_code_is_the_counter(running):
    """Negative control: what no setting names is read as nothing, and nothing is not the counter."""
    assert statuses(running, pacs(COUNTER)) == ["RJCT"]


@pytest.mark.parametrize(
    "table",
    [{"desk": ["A"]}, {"counter": "A"}, {"counter": [""]}, {"counter": ["A"], "remote": ["A"]}],
)
def test_a_table_that_says_no_channel_or_two_is_refused(table):
    assert _pacs_channels({"counter": ["A"], "remote": ["B"]}) == {"A": "counter", "B": "remote"}
    with pytest.raises(SettingsFault, match="pacs008"):
        _pacs_channels(table)
