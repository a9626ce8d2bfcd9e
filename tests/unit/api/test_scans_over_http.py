"""Scans of answer sheets: uploaded, typed from by two persons, read again with a record of it. Over HTTP, on a real desk."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
import segno
from bureau import Bureau
from correspondents import CENTRE, issue, look, name_of, wire
from httpx import Response
from PIL import Image
from scanned import chunk, page, photograph, png

from recoup import limits
from recoup.api import set_up_logs
from recoup.centre import View
from recoup.centre.commands import Turned
from recoup.centre.sheets import field_of_scan
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.sweeping import sweep
from recoup.clock import instant_text
from recoup.errors import MessageFault
from recoup.messages import KeyRing, SigningKey, open_paper, seal
from recoup.paper.forms import JPEG, PNG
from recoup.paper.scans import look_at
from recoup.staff import Role
from recoup.stores.sqlite import SqliteJournal

CARRIED = "bank-8"
"""An institution that nobody connected."""
_sizes = itertools.count(300)
WHY = {"case": "C1", "reason": "to type from it"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """One for all tests here: each has orders and scans of its own."""
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path_factory.mktemp("bureau"), wire=wire())
    found.set_up()
    for name in ("ann", "cy"):
        found.hire(name, (Role.CASE_LEAD, "gd"))
    found.hire("bo", (Role.APPROVER, "gd"))
    found.hire("dee", (Role.REGULATOR, "gd"))
    found.place("C1", "gd", "ann")
    yield found
    found.close()


def blank() -> bytes:
    """Return a picture of nothing that nobody uploaded before."""
    return png(Image.new("L", (400, next(_sizes)), 255))


def carried(house: Bureau) -> str:
    order = issue(house, CARRIED)
    assert house.post(f"/orders/{order}/handed-over", {}, "ann").status_code == 200
    return order


def printed(house: Bureau, order: str) -> bytes:
    found = house.get(f"/orders/{order}/paper", "ann", case="C1", reason="to be carried")
    assert found.status_code == 200, found.text
    return found.content


def upload(
    house: Bureau, order: str, data: bytes, media: str = PNG, by: str = "ann", key: str = ""
) -> Response:
    headers = {"Idempotency-Key": key or next(house.keys), "Content-Type": media}
    path = f"/orders/{order}/scans"
    return house.client.post(path, content=data, headers=headers | house._as(by))


def typed(house: Bureau, order: str, scan: str | None, by: str = "ann", **more: str) -> Response:
    now = instant_text(house.clock.now())
    body = {"outcome": "held", "answered_at": now, "held": "201.00", "started_at": now}
    way = "confirm" if more else "typed"
    return house.post(f"/orders/{order}/answers/{way}", {**body, "scan": scan, **more}, by)


def test_two_persons_type_from_a_photograph_whose_code_is_the_orders(house: Bureau) -> None:
    order = carried(house)
    data = photograph(page(printed(house, order)))
    taken = upload(house, order, data, JPEG)
    assert taken.status_code == 200, taken.text
    scan = sha256(data).hexdigest()
    assert taken.json() == {"scan": scan, "pages": 1, "has_code": True}
    seen = house.get(f"/orders/{order}/scans", "bo", **WHY).json()
    assert seen == [{**taken.json(), "media": JPEG, "size": len(data)}]
    sheet = typed(house, order, scan).json()["sheet"]
    assert name_of(typed(house, order, None, "cy", sheet=sheet)) == "scan_differs"
    assert typed(house, order, scan, "cy", sheet=sheet).status_code == 200
    assert look(house, order)["hold"] == "held"
    records = [x for x in house.desk.happened(0, 10_000) if x.name == "sheet_typed"]
    assert scan.encode() in records[-1].body, "the answer is tied to what it was typed from"


def test_reading_a_scan_is_journalled_before_and_gives_the_very_file(house: Bureau) -> None:
    noise = random.Random(1).randbytes(900_000)
    order, empty = carried(house), blank()
    data = empty[:33] + chunk(b"raWs", noise) + empty[33:]
    assert len(data) > limits.PERSONAL_BYTES_MAX * 3 // 4, "more than one piece of the vault"
    scan = upload(house, order, data).json()["scan"]
    last = house.desk.last()
    found = house.get(f"/orders/{order}/scans/{scan}", "cy", **WHY)
    assert found.content == data
    assert found.headers["content-type"] == PNG
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-disposition"].startswith("attachment")
    records = house.records_of_persons(last)
    assert [x.name for x in records] == ["acted", "personal_data_read"]
    assert house.ids["cy"].encode() in records[1].body
    assert scan.encode() in records[1].body
    for file in house.folder.glob("*.sqlite*"):
        assert data[1000:1100] not in file.read_bytes(), "sealed"


def test_who_may_not_see_a_scan_reads_none_and_leaves_no_record(house: Bureau) -> None:
    order = carried(house)
    scan = upload(house, order, blank()).json()["scan"]
    last = house.desk.last()
    path = f"/orders/{order}/scans/{scan}"
    assert name_of(house.get(path, "dee", **WHY)) == "not_permitted"
    assert name_of(house.get(path, "ann", case="C1")) == "purpose_missing"
    assert name_of(house.get(f"/orders/{order}/scans/{'0' * 64}", "ann", **WHY)) == "scan_unknown"
    assert name_of(house.get(path, "ann", case="C2", reason="r")) == "not_permitted"
    assert name_of(upload(house, order, blank(), by="dee")) == "not_permitted"
    assert house.records_of_persons(last) == []


def test_a_sheet_of_another_order_is_refused(house: Bureau) -> None:
    order, other = carried(house), carried(house)
    sheet = page(printed(house, other))
    last = house.desk.last()
    assert name_of(upload(house, order, png(sheet))) == "scan_of_other_order"
    assert house.records_of_persons(last) == []
    assert upload(house, other, png(sheet)).json()["has_code"] is True, "the control"


def test_a_code_that_this_centre_did_not_sign_is_refused(house: Bureau) -> None:
    order = carried(house)
    (code,) = look_at(png(page(printed(house, order))), PNG).codes
    told = open_paper(code, KeyRing([CENTRE.public])).message
    thief = SigningKey("centre", bytes(range(9, 41)), CENTRE.valid_from, CENTRE.valid_until)
    forged = seal(told, thief, audience=CARRIED, jti="j", now=house.clock.now())
    head, body, sign = code.split(b".")
    altered = b".".join([head, body[:-8] + b"AAAAAAAA", sign])
    last = house.desk.last()
    for false in (forged, altered, b"a.b.c"):
        assert name_of(upload(house, order, png(coded(false)))) == "scan_code_false"
    assert house.records_of_persons(last) == []
    foreign = upload(house, order, png(coded(b"https://bank-8.example/seal/77")))
    assert foreign.json()["has_code"] is False, "an institution's own code says nothing"


def test_a_sheet_that_was_printed_before_the_centre_changed_its_key_is_still_read(
    house: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = carried(house)
    (code,) = look_at(png(page(printed(house, order))), PNG).codes
    letters = house.desk._office.letters
    assert letters is not None
    now = house.clock.now()
    fresh = SigningKey("centre", bytes(range(7, 39)), now, CENTRE.valid_until)
    after = replace(letters._wire, key=fresh)
    monkeypatch.setattr(letters, "_wire", after)
    with pytest.raises(MessageFault, match="key_unknown"):
        letters.believed(code)
    monkeypatch.setattr(letters, "_wire", replace(after, former=(CENTRE.public,)))
    assert letters.believed(code).id == order
    told = open_paper(code, KeyRing([CENTRE.public])).message
    late = seal(told, CENTRE, audience=CARRIED, jti="j", now=now)
    ended = replace(CENTRE.public, valid_until=now)
    monkeypatch.setattr(letters, "_wire", replace(after, former=(ended,)))
    with pytest.raises(MessageFault, match="key_not_valid"):
        letters.believed(late)


def coded(words: bytes) -> Image.Image:
    """Return a picture with a code on it."""
    out = io.BytesIO()
    segno.make(words, error="m", micro=False, mode="byte").save(out, kind="png", scale=4, border=4)
    return Image.open(out).convert("L")


def test_the_same_file_is_kept_once_and_for_one_order(house: Bureau) -> None:
    order, other, data = carried(house), carried(house), blank()
    first = upload(house, order, data, key="scan-key-1")
    again = upload(house, order, data, key="scan-key-1")
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    last = house.desk.last()
    assert upload(house, order, data, by="cy").json() == first.json()
    assert [x.name for x in house.records_of_persons(last)] in ([], ["acted"])
    assert name_of(upload(house, other, data)) == "scan_taken_for_another"
    reused = upload(house, order, blank(), key="scan-key-1")
    assert name_of(reused) == "idempotency_key_reused"
    assert len(house.get(f"/orders/{order}/scans", "ann", **WHY).json()) == 1
    foreign = typed(house, other, first.json()["scan"])
    assert name_of(foreign) == "scan_unknown", "a scan of another order"


def test_what_does_not_fit_is_named_before_anything_is_kept(house: Bureau) -> None:
    order, data = issue(house, CARRIED), blank()
    assert name_of(upload(house, order, data)) == "not_handed_over"
    assert house.post(f"/orders/{order}/handed-over", {}, "ann").status_code == 200
    last = house.desk.last()
    assert name_of(upload(house, "none", data)) == "order_unknown"
    assert name_of(upload(house, order, data, "image/gif")) == "media_type_unsupported"
    assert name_of(upload(house, order, data, JPEG)) == "scan_form_differs"
    assert name_of(upload(house, order, b"")) == "scan_form_unknown"
    assert name_of(upload(house, order, data[:-1])) == "scan_damaged"
    assert name_of(upload(house, order, data + b"PK")) == "scan_not_alone"
    most = data.ljust(limits.SCAN_BYTES_MAX, b"\x00")
    assert name_of(upload(house, order, most)) == "scan_not_alone"
    assert name_of(upload(house, order, most + b"\x00")) == "body_too_large"
    assert name_of(house.post(f"/orders/{order}/scans", {}, "ann")) == "media_type_unsupported"
    assert house.records_of_persons(last) == []


def test_scans_of_an_order_are_bounded(house: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SCANS_EACH_MAX", 2)
    order = carried(house)
    assert [upload(house, order, blank()).status_code for _ in range(2)] == [200, 200]
    assert name_of(upload(house, order, blank())) == "scans_too_many"


def test_scans_are_folded_alike_from_the_journal_and_from_a_snapshot(house: Bureau) -> None:
    order = carried(house)
    scan = upload(house, order, blank()).json()["scan"]
    typed(house, order, scan)
    state = View(SqliteJournal.read(house.folder / "journal.sqlite")).state
    assert [x.id for x in state.scans_of(order)] == [scan]
    assert [x.scan for x in state.sheets.values() if x.order == order] == [scan]
    kept = decode_state(encode_state(state))
    assert (kept.scans, kept.scanned, kept.sheets) == (state.scans, state.scanned, state.sheets)


def test_what_was_erased_is_gone_and_nothing_more_is_kept_of_it(house: Bureau) -> None:
    order = carried(house)
    scan = upload(house, order, blank()).json()["scan"]
    vault = house.desk._office.directory._vault
    vault.erase(f"order {order}", "root", "the term of keeping ended")
    house.clock.move(timedelta(seconds=1))
    found = house.get(f"/orders/{order}/scans/{scan}", "ann", **WHY)
    assert name_of(found) == "personal_data_missing"
    assert name_of(upload(house, order, blank())) == "personal_data_missing"


async def away(_: object) -> Turned:
    """Stand for a writer that stopped."""
    return Turned("stopped", "", is_transient=True)


def swept(house: Bureau, hours: int) -> int:
    """Return how many pieces of the vault are dropped at a start so many hours later."""
    office = house.desk._office
    view, now = View(office.open()), house.clock.now() + timedelta(hours=hours)
    view.catch_up()
    return sweep(office.directory, office.open(), view.state, now)


def test_the_bytes_of_a_scan_whose_command_was_refused_are_dropped_and_those_of_a_kept_one_stay(
    house: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, data = carried(house), blank()
    other = upload(house, order, blank()).json()["scan"]
    with monkeypatch.context() as patched:
        patched.setattr(house.desk, "submit", away)
        assert upload(house, order, data, key="lost-scan-0001").status_code == 503
    scan, subject = sha256(data).hexdigest(), f"order {order}"
    has = house.desk._office.directory.has
    assert has(subject, field_of_scan(scan, 0)), "kept before the journal hears of it"
    assert swept(house, 1) == 0, "somebody may ask again"
    assert has(subject, field_of_scan(scan, 0))
    assert swept(house, 25) > 0
    assert not has(subject, field_of_scan(scan, 0))
    assert has(subject, field_of_scan(other, 0))
    assert upload(house, order, data, key="lost-scan-0001").status_code == 200, "it may come again"
    assert swept(house, 25) == 0


def test_a_scan_that_another_command_names_stays_though_the_one_it_waited_for_never_came(
    house: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, data = carried(house), blank()
    with monkeypatch.context() as patched:
        patched.setattr(house.desk, "submit", away)
        assert upload(house, order, data, key="lost-scan-0002").status_code == 503
    assert upload(house, order, data, key="another-scan-0002").status_code == 200
    assert swept(house, 25) == 0
    assert house.desk._office.directory.has(
        f"order {order}", field_of_scan(sha256(data).hexdigest(), 0)
    )
