"""Payments over HTTP: decided, repeated, refused; whatever is sent, the answer is a decision or a named problem."""

from __future__ import annotations

import io
import json

import polars as pl
import pyarrow as pa
import pytest
from watch_service import Running, payment

from recoup import limits
from recoup.watching.service import OF_PAYMENTS, PROBLEMS


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("watch")) as found:
        found.inform("stop", b"acc-stopped")
        found.inform("list", b"acc-listed")
        yield found


@pytest.fixture
def fresh(request):
    return request.node.name


def test_a_payment_is_decided_with_its_score(running, fresh):
    answer = running.pay(id=fresh)
    assert answer.status_code == 200
    assert answer.json() == {"id": fresh, "decision": "allow", "score": 0.25}


def test_the_same_payment_twice_gets_the_same_answer_once(running, fresh):
    before = running.core.paid.get("acc-twice", 0)
    first = running.pay(id=fresh, payee="acc-twice").json()
    second = running.pay(id=fresh, payee="acc-twice").json()
    assert second == {**first, "is_repeat": True}
    assert running.core.paid["acc-twice"] == before + 1250


def test_another_payment_under_the_same_id_is_a_named_refusal(running, fresh):
    running.pay(id=fresh)
    answer = running.pay(id=fresh, amount="12.51")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:recoup:problem:payment_id_taken"
    assert answer.json()["field"] == "amount"


def test_a_hundred_duplicates_in_one_batch_are_booked_once(running, fresh):
    rows = [payment(id=fresh, payee="acc-hundred")] * 100
    answer = running.client.post("/v1/decisions", json={"payments": rows}).json()["decisions"]
    assert [row.get("is_repeat", False) for row in answer] == [False] + [True] * 99
    assert running.core.paid["acc-hundred"] == 1250


def test_a_stopped_account_is_refused_with_the_reason(running, fresh):
    answer = running.pay(id=fresh, payer="acc-stopped").json()
    assert answer["decision"] == "refuse"
    assert answer["reasons"][0]["code"] == "order-binds"
    assert answer["reasons"][0]["zh"]


BAD = [
    ({"amount": "-1"}, "amount_not_positive"),
    ({"amount": "0"}, "amount_not_positive"),
    ({"amount": "0.00"}, "amount_not_positive"),
    ({"amount": "1.234"}, "amount_too_fine"),
    ({"amount": "99999999999999999999999"}, "amount_too_large"),
    ({"amount": "9" * 17}, "amount_too_large"),
    ({"amount": "9" * 5000}, "amount_unreadable"),
    ({"amount": "NaN"}, "amount_unreadable"),
    ({"amount": "1e3"}, "amount_unreadable"),
    ({"amount": ""}, "amount_unreadable"),
    ({"amount": "１２"}, "amount_unreadable"),
    ({"amount": "1,000.00"}, "amount_unreadable"),
    ({"currency": "ZZZ"}, "currency_unknown"),
    ({"currency": ""}, "currency_unknown"),
    ({"payee": "acc-a"}, "same_account"),
    ({"payer": "", "payee": ""}, "accounts_missing"),
    ({"payer": "x" * 201}, "account_too_long"),
    ({"payee": "号" * 70}, "account_too_long"),
    ({"id": ""}, "payment_id_missing"),
    ({"id": "i" * 201}, "payment_id_too_long"),
    ({"kind": "magic"}, "kind_unknown"),
    ({"time": "9999-01-01T00:00:00Z"}, "time_unfit"),
]


@pytest.mark.parametrize(("changed", "name"), BAD)
def test_a_payment_that_cannot_be_one_is_refused_by_name_and_changes_nothing(
    running, changed, name
):
    before = running.core.snapshot()
    answer = running.pay(**{"id": "bad", **changed})
    status, title = PROBLEMS[name]
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert answer.headers["content-type"] == "application/problem+json"
    assert running.core.snapshot() == before


@pytest.mark.parametrize(("changed", "name"), BAD)
def test_in_a_batch_only_its_own_row_is_refused(running, changed, name, fresh):
    rows = [payment(id=f"{fresh}-1"), payment(**{"id": "bad", **changed}), payment(id=f"{fresh}-2")]
    answer = running.client.post("/v1/decisions", json={"payments": rows}).json()["decisions"]
    assert [row.get("refusal", "") for row in answer] == ["", name, ""]
    assert [row.get("decision", "") for row in answer] == ["allow", "", "allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"id":"\\ud800","amount":"1","currency":"CNY","time":"2026-01-01T00:00:00Z"}',
        b"[" * 100_000,
        json.dumps(payment(amount=12.5)).encode(),
        json.dumps(payment(amount=None)).encode(),
        json.dumps(payment(time="2026-01-01T00:00:00")).encode(),
        json.dumps(payment(time="yesterday")).encode(),
        json.dumps(payment(surprise=1)).encode(),
        b'{"payments":[1]}',
        b'{"payments":{}}',
        b'{"payments":[],"more":1}',
    ],
)
def test_a_body_of_another_shape_is_refused_as_a_whole(running, body):
    before = running.core.snapshot()
    headers = {"content-type": "application/json"}
    answer = running.client.post("/v1/decisions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"][-15:]) == (400, "body_unreadable")
    assert running.core.snapshot() == before


def test_an_empty_batch_has_an_empty_answer(running):
    answer = running.client.post("/v1/decisions", json={"payments": []})
    assert answer.json() == {"decisions": []}


def test_a_batch_at_the_bound_is_taken_and_one_row_more_is_not(running, fresh):
    rows = [payment(id=f"{fresh}-{at}") for at in range(limits.WATCH_BATCH_ROWS_MAX)]
    assert running.client.post("/v1/decisions", json={"payments": rows}).status_code == 200
    answer = running.client.post("/v1/decisions", json={"payments": [*rows, payment(id="more")]})
    assert (answer.status_code, answer.json()["type"][-14:]) == (413, "batch_too_long")


def test_a_body_past_the_bound_is_not_read(running):
    headers = {"content-type": "application/json"}
    content = b" " * (limits.WATCH_BODY_BYTES_MAX + 1)
    assert running.client.post("/v1/decisions", content=content, headers=headers).status_code == 413
    parts = iter([content])  # without a stated length it is cut off while it is read
    assert running.client.post("/v1/decisions", content=parts, headers=headers).status_code == 413


def test_wrong_addresses_methods_and_media_types_are_problems(running):
    assert running.client.post("/v1/nothing").status_code == 404
    answer = running.client.get("/v1/decisions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    headers = {"content-type": "text/plain"}
    answer = running.client.post("/v1/decisions", content=b"{}", headers=headers)
    assert answer.json()["type"] == "urn:recoup:problem:media_type_unknown"


def test_lists_and_orders_of_accounts_are_told(running):
    answer = running.client.post(
        "/v1/lists/check", json={"accounts": ["acc-listed", "acc-stopped", "acc-z"]}
    )
    assert answer.json()["accounts"] == [
        {"account": "acc-listed", "lists": ["suspect"], "is_bound": False},
        {"account": "acc-stopped", "lists": [], "is_bound": True},
        {"account": "acc-z", "lists": [], "is_bound": False},
    ]


def test_health_and_figures_say_how_it_goes(running):
    assert running.client.get("/healthz").status_code == 200
    assert running.client.get("/readyz").status_code == 200
    running.pay(id="for-the-figures")
    assert running.figure("recoup_watch_decisions") > 0
    assert "acc-" not in running.client.get("/metrics").text


# --- Arrow ---


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows)).with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))


def arrow(table: pl.DataFrame, **options) -> bytes:
    sink = io.BytesIO()
    table.write_ipc_stream(sink, compat_level=pl.CompatLevel.oldest(), **options)
    return sink.getvalue()


def send_arrow(running, body: bytes):
    headers = {"content-type": "application/vnd.apache.arrow.stream"}
    return running.client.post("/v1/decisions.arrow", content=body, headers=headers)


def test_an_arrow_stream_gets_an_answer_a_row_that_says_what_json_says(running, fresh):
    rows = [
        payment(id=f"{fresh}-1"),
        payment(id=f"{fresh}-2", payer="acc-stopped"),
        payment(id=f"{fresh}-3", amount="-1"),
    ]
    answer = send_arrow(running, arrow(frame(*rows)))
    assert answer.status_code == 200, answer.text
    found = pl.read_ipc_stream(io.BytesIO(answer.content)).to_dicts()
    assert [row["decision"] for row in found] == ["allow", "refuse", None]
    assert [row["refusal"] for row in found] == [None, None, "amount_not_positive"]
    assert found[1]["reasons"][0]["code"] == "order-binds"
    again = running.client.post("/v1/decisions", json={"payments": rows}).json()["decisions"]
    assert [row.get("is_repeat", False) for row in again] == [True, True, False]


def test_minor_units_are_read_too(running, fresh):
    table = (
        frame(payment(id=fresh)).with_columns(amount_minor=pl.lit(1250, pl.Int64)).drop("amount")
    )
    assert send_arrow(running, arrow(table)).status_code == 200
    same = running.pay(id=fresh).json()
    assert same["is_repeat"]


BAD_ARROW = {
    "nothing": b"",
    "text": b"id,payer",
    "no amount": arrow(frame(payment()).drop("amount")),
    "two amounts": arrow(frame(payment()).with_columns(amount_minor=pl.lit(1, pl.Int64))),
    "a float": arrow(frame(payment()).with_columns(amount=pl.lit(12.5))),
    "a stranger": arrow(frame(payment()).with_columns(more=pl.lit(1))),
    "a null id": arrow(frame(payment()).with_columns(id=pl.lit(None, pl.String))),
    "a null time": arrow(
        frame(payment()).with_columns(time=pl.lit(None, pl.Datetime("us", "UTC")))
    ),
    "no zone": arrow(frame(payment()).with_columns(pl.col("time").dt.replace_time_zone(None))),
    "compressed": arrow(frame(payment()), compression="zstd"),
    "cut short": arrow(frame(payment()))[:-40],
}


@pytest.mark.parametrize("body", BAD_ARROW.values(), ids=BAD_ARROW.keys())
def test_an_arrow_stream_of_another_shape_is_refused_as_a_whole(running, body):
    before = running.core.snapshot()
    answer = send_arrow(running, body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:recoup:problem:arrow_unreadable"
    assert running.core.snapshot() == before


def test_offsets_that_lie_are_refused_and_not_followed(running):
    good = pa.record_batch(pa.table(frame(payment()).to_arrow()).to_batches()[0])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, good.schema) as writer:
        writer.write_batch(good)
    body = bytearray(sink.getvalue().to_pybytes())
    at = body.rindex(b"acc-a")
    for place in range(at - 200, at):
        spoilt = bytes(body[:place]) + b"\xff\xff\xff\x7f" + bytes(body[place + 4 :])
        assert send_arrow(running, spoilt).status_code in {200, 400}


def test_every_refusal_of_a_payment_is_in_the_list_of_problems():
    assert set(OF_PAYMENTS) <= set(PROBLEMS)
    assert {name for _, name in BAD} <= set(OF_PAYMENTS)
