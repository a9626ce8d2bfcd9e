"""Tables of other systems for tests: rows of reports and of a register, and how they are given to a centre over HTTP."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

from bureau import START, Bureau
from httpx import Response

from recoup.clock import instant_text

HOUR = timedelta(hours=1)


def at(hours: float) -> str:
    return instant_text(START + hours * HOUR)


def report(number: int, **more: Any) -> dict[str, Any]:
    row = {
        "foreign_id": f"R-{number}",
        "received_at": at(-1),
        "paid_at": at(-2),
        "reporter_name": f"Zhao {number}",
        "reporter_document": f"4403{number:04d}",
        "payee": f"62220100{number:08d}",
        "payee_name": "Sun",
        "payee_institution": "bank-7",
        "amount": "300.00",
        "currency": "CNY",
        "serial": f"SN-{number}",
        "accepts_liability": "yes",
        "text": "Somebody who said he was from the bank.",
    }
    return row | more


def held(number: int, **more: Any) -> dict[str, Any]:
    row = {
        "foreign_id": f"K-{number}",
        "institution": "bank-7",
        "account": f"62220200{number:08d}",
        "account_name": "Sun",
        "measure": "stop",
        "amount": "120.00",
        "currency": "CNY",
        "started_at": at(-10),
        "ends_at": at(20),
    }
    return row | more


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def table(*rows: dict[str, Any]) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def give(
    desk: Bureau,
    data: bytes,
    kind: str = "reports",
    key: str = "",
    media: str = "application/x-ndjson",
    by: str = "cy",
    **more: str,
) -> Response:
    headers = {"Idempotency-Key": key or next(desk.keys), "Content-Type": media, **desk._as(by)}
    params = {"kind": kind, "system": "old", "unit": "gd", **more}
    return desk.client.post("/imports", params=params, content=data, headers=headers)


def counts(answer: Response) -> tuple[int, int, int]:
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["taken"], found["repeated"], found["refused"]


def rows_of(desk: Bureau, answer: Response) -> list[dict[str, Any]]:
    return desk.get(f"/imports/{answer.json()['id']}/rows", "cy", limit=200).json()["items"]


def problem(answer: Response) -> str:
    return answer.json()["type"].rsplit(":", 1)[1]


def cases(desk: Bureau) -> dict[str, Any]:
    return desk.desk.view().cases
