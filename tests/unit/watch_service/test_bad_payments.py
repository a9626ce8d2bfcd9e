"""One table for all ways in: each thing that a payment may have wrong gets its one answer by each way, and changes no state."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from deciding import model_of
from lxml import etree
from waiting_payments import NOON, PATIENT
from watch_service import Running, payment

from recoup.errors import InputFault
from recoup.reading import ReadingOptions
from recoup.watch.decision import Problem
from recoup.watching import Asked, Period, StreamFeatures, Watch, open_materials, score_transfers
from recoup.watching.service.core import WatchCore

HUGE, VAST = "92233720368547758.08", "1e30"
TEXTS: dict[str, tuple[dict[str, str], str]] = {
    "negative": ({"amount": "-1.00"}, "amount_not_positive"),
    "zero": ({"amount": "0.00"}, "amount_not_positive"),
    "2^63 minor units": ({"amount": HUGE}, "amount_too_large"),
    "1e30": ({"amount": VAST}, "amount_unreadable"),
    "no number": ({"amount": "twelve"}, "amount_unreadable"),
    "no amount": ({"amount": ""}, "amount_unreadable"),
    "too fine": ({"amount": "1.001"}, "amount_too_fine"),
    "not a number": ({"amount": "NaN"}, "amount_unreadable"),
    "back in time": ({"time": "2026-11-22T10:00:00Z"}, "time_late"),
    "unknown currency": ({"currency": "ZZZ"}, "currency_unknown"),
    "a currency of others": ({"currency": "USD"}, "currency_unknown"),
    "to itself": ({"payee": "acc-a"}, "same_account"),
    "nobody": ({"payer": "", "payee": ""}, "accounts_missing"),
}
"""What is changed in a good payment, and the name of the refusal: the same by every way over HTTP."""

VALUES: dict[str, tuple[dict[str, Any], Problem]] = {
    "negative": ({"amount": -1}, Problem.AMOUNT_NOT_POSITIVE),
    "zero": ({"amount": 0}, Problem.AMOUNT_NOT_POSITIVE),
    "2^63": ({"amount": 2**63}, Problem.AMOUNT_TOO_LARGE),
    "1e30": ({"amount": 10**30}, Problem.AMOUNT_TOO_LARGE),
    "-1e30": ({"amount": -(10**30)}, Problem.FIELD_UNFIT),
    "no number": ({"amount": "twelve"}, Problem.FIELD_UNFIT),
    "a fraction": ({"amount": 1.5}, Problem.FIELD_UNFIT),
    "not a number": ({"amount": float("nan")}, Problem.FIELD_UNFIT),
    "nothing": ({"amount": None}, Problem.FIELD_UNFIT),
    "back in time": ({"time": NOON - 86_400_000_000}, Problem.TIME_LATE),
    "unknown currency": ({"currency": "ZZZ"}, Problem.CURRENCY_UNKNOWN),
    "to itself": ({"payee": "a"}, Problem.SAME_ACCOUNT),
}
"""The same in one's own process, where amounts are minor units."""

FILES: dict[str, tuple[dict[str, str], str]] = {
    "negative": ({"amount": "-1.00"}, "amount_not_positive"),
    "zero": ({"amount": "0.00"}, "amount_not_positive"),
    "2^63 minor units": ({"amount": HUGE}, "amount_too_large"),
    "no number": ({"amount": "twelve"}, "amount_unreadable"),
    "unknown currency": ({"currency": "ZZZ"}, "currency_unknown"),
    "nobody": ({"payer": "", "payee": ""}, "parties_missing"),
}
"""What a file may not have: nothing of it is scored then. A time that goes back is none, since a file is put in order."""


# --- over HTTP ---


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    core = WatchCore(("CNY",), 64, rows_followed=100, catch_seconds=600)
    core.warm()  # on a fresh clone that takes a minute, longer than anybody waits for an answer
    with Running(tmp_path_factory.mktemp("bad"), core, PATIENT) as found:
        assert found.pay(id="first").json()["decision"] == "allow"
        yield found


def by_json(running: Running, row: dict[str, str]) -> str:
    answer = running.client.post("/v1/decisions", json=row)
    assert answer.status_code in {409, 422}, answer.text
    return answer.json()["type"].rsplit(":", 1)[1]


def by_batch(running: Running, row: dict[str, str]) -> str:
    answer = running.client.post("/v1/decisions", json={"payments": [row]})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["decisions"]
    return found["refusal"]


def by_arrow(running: Running, row: dict[str, str]) -> str:
    table = pl.DataFrame([row]).with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))
    sink = io.BytesIO()
    arrow = table.to_arrow()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    headers = {"content-type": "application/vnd.apache.arrow.stream"}
    answer = running.client.post("/v1/decisions.arrow", content=sink.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
    (found,) = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    return found["refusal"]


def by_pacs(running: Running, row: dict[str, str]) -> str:
    body = f"""<Document><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>m</MsgId><CreDtTm>{row["time"]}</CreDtTm></GrpHdr><CdtTrfTxInf>
<PmtId><TxId>{row["id"]}</TxId></PmtId>
<IntrBkSttlmAmt Ccy="{row["currency"]}">{row["amount"]}</IntrBkSttlmAmt>
<DbtrAcct><Id><Othr><Id>{row["payer"]}</Id></Othr></Id></DbtrAcct>
<CdtrAcct><Id><Othr><Id>{row["payee"]}</Id></Othr></Id></CdtrAcct>
</CdtTrfTxInf></FIToFICstmrCdtTrf></Document>"""
    headers = {"content-type": "application/xml"}
    answer = running.client.post("/v1/pacs008", content=body.encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    report = etree.fromstring(answer.content)
    (status,), (why,) = (
        [one.text or "" for one in report.iter("{*}" + name)] for name in ("TxSts", "AddtlInf")
    )
    assert status == "RJCT"
    return why.partition(":")[0]


WAYS = {"single": by_json, "batch": by_batch, "arrow": by_arrow, "pacs.008": by_pacs}


@pytest.mark.parametrize("fault", TEXTS)
@pytest.mark.parametrize("way", WAYS)
def test_every_fault_has_one_name_by_every_way_and_changes_nothing(running, way, fault):
    changed, name = TEXTS[fault]
    before = running.core.snapshot()
    row = {key: str(value) for key, value in payment(id="bad", **changed).items()}
    assert WAYS[way](running, row) == name
    assert running.core.snapshot() == before


@pytest.mark.parametrize("way", ["single", "batch", "arrow", "pacs.008"])
def test_a_good_payment_by_the_same_way_is_decided(running, way):
    """Negative control: it is the fault that is refused, not the way; and what is decided changes the state."""
    before = running.core.snapshot()
    row = {key: str(value) for key, value in payment(id=f"good-{way}").items()}
    with pytest.raises((AssertionError, KeyError, ValueError)):
        assert WAYS[way](running, row)
    assert running.core.snapshot() != before


# --- in one's own process ---


def good(id_: str = "p-1", **changed: Any) -> Asked:
    return Asked(id_, NOON, "a", "b", 500, "CNY")._replace(**changed)


def next_of(watch: Watch) -> tuple[object, ...]:
    """Return what is decided of one more payment, and of which features."""
    found = watch.decide([good("next", time=NOON + 1)])[0]
    return found.action, found.problem, found.features_digest


@pytest.mark.parametrize("fault", VALUES)
@pytest.mark.parametrize("count", [1, 20])
def test_in_ones_own_process_a_fault_is_an_answer_and_books_nothing(fault, count):
    changed, problem = VALUES[fault]
    watch, twin = Watch(), Watch()
    for one in (watch, twin):
        one.decide([good()])
    bad = [good(f"bad-{at}", **changed) for at in range(count)]
    found = watch.decide(bad)
    assert [found[at].problem for at in range(count)] == [problem] * count
    after = [next_of(one) for one in (watch, twin)]
    assert after[0] == after[1], "what comes after is decided as if the bad ones had not come"


def test_a_hundred_duplicates_at_once_are_booked_once():
    watch, twin = Watch(), Watch()
    found = watch.decide([good()] * 100)
    assert [found[at].is_repeat for at in range(100)] == [False] + [True] * 99
    twin.decide([good()])
    after = [next_of(one) for one in (watch, twin)]
    assert after[0] == after[1]


# --- files ---

HEAD = "id,time,payer,payee,amount,currency\n"


def line(id_: str, **changed: str) -> str:
    row = {"time": "2026-11-23T10:00:00Z", "payer": "acc-a", "payee": "acc-b"}
    row |= {"amount": "12.50", "currency": "CNY", **changed}
    return ",".join([id_, *row.values()]) + "\n"


def scored(folder: Path, *lines: str) -> pl.DataFrame:
    file = folder / "payments.csv"
    file.write_text(HEAD + "".join(lines))
    model = model_of()
    materials = open_materials([file], None, ReadingOptions())
    return score_transfers(model, materials, StreamFeatures.of(model), Period(None, None))


@pytest.mark.parametrize("fault", FILES)
def test_a_file_with_a_fault_is_refused_by_name(tmp_path, fault):
    changed, code = FILES[fault]
    with pytest.raises(InputFault) as caught:
        scored(tmp_path, line("p-1"), line("p-2", **changed))
    assert code in {problem.code for problem in caught.value.problems}


def test_in_a_file_a_payment_to_itself_has_no_score_says_why_and_changes_no_other(tmp_path):
    rows = [line(f"p-{at}", time=f"2026-11-23T10:0{at}:00Z") for at in range(4)]
    itself = line("bad", time="2026-11-23T10:01:30Z", payee="acc-a", amount="99999.00")
    found, clean = scored(tmp_path, *rows, itself), scored(tmp_path, *rows)
    (bad,) = found.filter(id="bad").to_dicts()
    assert (bad["refusal"], bad["raw"], bad["score"], bad["alert_share"]) == (
        "same_account",
        None,
        None,
        None,
    )
    assert found.filter(pl.col("id") != "bad").equals(clean)
    assert clean["refusal"].null_count() == len(rows)
    assert np.isfinite(clean["score"].to_numpy()).all()
