"""Imports whose rows look like others: ids of two kinds, units, payments told twice, ended holds; and their figures."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bureau import START, Bureau
from foreign_rows import HOUR, at, cases, counts, give, held, lines, problem, report, rows_of, table

from recoup import limits
from recoup.api import imports
from recoup.centre import EVENT_REGISTRY
from recoup.centre.imported import Imported
from recoup.centre.snapshots import decode_state, encode_state
from recoup.cli.importing import _parts
from recoup.journal.canonical import encode_plain
from recoup.orders import HoldState
from recoup.reading import ReadingOptions
from recoup.reading.imports import read_import_file
from recoup.staff import Role


@pytest.fixture
def lead(bureau: Bureau) -> Bureau:
    """A bureau with a case lead."""
    bureau.hire("cy", (Role.CASE_LEAD, "gd"))
    return bureau


def test_a_report_and_a_hold_of_one_id_are_two_rows_of_two_cases(lead):
    """Other systems count them apart; what names no case meets no other row, whatever its id."""
    given = [
        give(lead, lines(report(1, foreign_id="17"))),
        give(lead, lines(held(1, foreign_id="17")), "register"),
        give(lead, lines(report(2, foreign_id="18", foreign_case="17"))),
    ]
    found = [rows_of(lead, answer)[0] for answer in given]
    assert [row["code"] for row in found] == ["taken"] * 3
    assert len({row["case"] for row in found}) == 3
    asked = {"by": "cy", "foreign": "old:17", "reason": "r"}
    assert problem(lead.get("/cases", **asked)) == "foreign_ambiguous"
    by_kind = [lead.get("/cases", kind=kind, **asked) for kind in ("reports", "register", "case")]
    assert [answer.json()["case"] for answer in by_kind] == [row["case"] for row in found]
    state = lead.desk.view()
    assert decode_state(encode_state(state)) == state


def test_rows_of_before_the_kind_was_kept_are_found_by_either_kind():
    """Negative control beside it: of another system, or as a case that was never named, they are not found."""
    body = {"foreign": {"system": "old", "id": "17", "case": "C"}, "case": "case_1", "report": "r1"}
    event = EVENT_REGISTRY.decode("foreign_noted", 1, encode_plain(body))
    imported = Imported()
    imported.put(event)
    for kind in ("", "reports", "register"):
        assert imported.cases_of("old", "17", kind) == ("case_1",)
    assert imported.cases_of("old", "17", "case") == imported.cases_of("new", "17") == ()
    assert imported.cases_of("old", "C", "case") == ("case_1",)


def test_the_unit_is_part_of_what_a_row_says_and_rows_of_before_it_was_are_known(
    lead: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead.unit("ft", "station", "gd")
    lead.grant("cy", Role.CASE_LEAD, "ft")
    content = imports._Part._content
    with monkeypatch.context() as patch:
        patch.setattr(
            imports._Part, "_content", lambda part, row, **_: content(part, row, unit=None)
        )
        assert counts(give(lead, lines(report(1)))) == (1, 0, 0)
    assert counts(give(lead, lines(report(2)))) == (1, 0, 0)
    assert counts(give(lead, lines(report(1), report(2)))) == (0, 2, 0)
    elsewhere = give(lead, lines(report(2)), unit="ft")
    assert [row["code"] for row in rows_of(lead, elsewhere)] == ["foreign_id_reused"]
    assert {case.unit for case in cases(lead).values()} == {"gd"}


def test_a_payment_that_two_rows_of_a_case_dispute_is_disputed_once(lead):
    """By its number at the institution; negative control: without a number they are two payments."""
    rows = [report(n, foreign_case="C", serial="SN") for n in (1, 2)]
    assert [row["code"] for row in rows_of(lead, give(lead, lines(*rows)))] == [
        "taken",
        "transfer_disputed",
    ]
    named = table(
        *({**row, "foreign_id": f"T-{n}", "foreign_case": "D"} for n, row in enumerate(rows))
    )
    named = named.replace(b"serial", "交易流水号".encode(), 1)
    assert counts(give(lead, named, media="text/csv")) == (1, 0, 1)
    bare = [{**report(n, foreign_case="E"), "serial": ""} for n in (3, 4)]
    assert counts(give(lead, lines(*bare))) == (2, 0, 0)


def test_what_has_ended_there_is_lapsed_here_and_lists_nobody(lead):
    row = held(1, started_at=at(-500), ends_at=at(-452))
    answer = give(lead, lines(row), "register")
    case = rows_of(lead, answer)[0]["case"]
    (hold,) = lead.desk.view().every()
    assert (hold.state, hold.held, hold.stops_spent) == (HoldState.LAPSED, 0, 1)
    assert list(lead.desk.view().listed.of_case(case)) == []
    assert [row.kind for row in lead.desk._journal().due(START + 9_000 * HOUR, 100)] == []
    money = lead.get("/figures", "cy", unit="gd").json()["money"]
    assert not any(amount != "0.00" for amount in money.get("CNY", {}).values())


def test_figures_tell_what_was_taken_over_from_what_was_done(lead):
    """Months from a report elsewhere to its row here are no months of our call takers, and another's stop is not ours."""
    give(lead, lines(report(1, received_at=at(-2_000), paid_at=at(-2_001))))
    give(lead, lines(held(1, measure="freeze", started_at=at(-1_900), ends_at=at(9))), "register")
    found = lead.get("/figures", "cy", unit="gd").json()
    named = ("cases", "reports", "holds")
    assert [found[name] for name in named] == [0, 0, 0]
    assert [found[f"{name}_taken_over"] for name in named] == [2, 1, 1]
    assert found["entry_seconds"]["count"] == 0
    waited = int((lead.clock.now() - START + 2_000 * HOUR).total_seconds())
    spread = {"count": 1, **dict.fromkeys(("p50", "p90", "most"), waited)}
    assert found["entry_taken_over_seconds"] == spread
    money = {name: float(amount) for name, amount in found["money"]["CNY"].items()}
    assert money["reported_taken_over"] == 300
    assert money["stopped_gross_taken_over"] == money["frozen_taken_over"] == 120
    assert money["held_net"] + money["overlap"] == money["frozen_live"] == 120, "what stands"
    ours = ("reported", "stopped_gross", "stopped_net", "frozen", "released", "lapsed")
    assert [money[name] for name in ours] == [0] * 6


def test_one_part_that_comes_twice_at_once_has_one_answer(lead):
    data = lines(*map(report, range(40)))
    with ThreadPoolExecutor(3) as pool:
        answers = [*pool.map(lambda _: give(lead, data, key="part-0001"), range(3))]
    assert [counts(answer) for answer in answers] == [(40, 0, 0)] * 3
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 2


def test_the_command_line_sends_no_part_that_is_too_large(tmp_path: Path) -> None:
    """The longest texts that a row may have, in letters of four bytes, beside rows of some bytes."""
    file = tmp_path / "old.jsonl"
    long = [report(n, text="\U00020000" * 8_000) for n in range(80)]
    file.write_bytes(lines(*long, *map(report, range(100, 1_200))))
    found = read_import_file(file, "reports", ReadingOptions())
    parts = [*_parts(found, "reports")]
    assert [x.row for x in found.refused] == []
    assert max(map(len, parts)) <= limits.HTTP_BODY_BYTES_MAX < sum(map(len, parts))
    assert max(part.count(b"\n") for part in parts) <= 500 < limits.IMPORT_ROWS_MAX
    sent = [json.loads(line)["foreign_id"] for part in parts for line in part.splitlines()]
    assert sent == [row["foreign_id"] for row in (*long, *map(report, range(100, 1_200)))]
