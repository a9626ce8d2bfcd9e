"""Imports over HTTP: each row once under its id there, bad rows named, nothing told to a bank, and a kill in the middle."""

from __future__ import annotations

import csv
import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from bureau import START, Bureau, open_desk
from foreign_rows import HOUR, at, cases, counts, give, held, lines, problem, report, rows_of, table
from typer.testing import CliRunner

from recoup import limits
from recoup.api import imports
from recoup.centre.snapshots import decode_state, encode_state
from recoup.cli import app
from recoup.clock import HandClock, instant_text
from recoup.orders import HoldState, Order, OrderKind, Refusal
from recoup.orders import decide as decide_order
from recoup.orders.commands import DraftOrder
from recoup.orders.refusals import Reason
from recoup.staff import Role
from recoup.stores.vault import Purpose


@pytest.fixture
def lead(bureau: Bureau) -> Bureau:
    """A bureau with a case lead and an approver."""
    bureau.hire("cy", (Role.CASE_LEAD, "gd"))
    bureau.hire("bo", (Role.OFFICER, "gd"))
    return bureau


def test_reports_become_cases_of_opaque_ids_and_their_texts_lie_in_the_vault(lead):
    answer = give(lead, lines(report(1), report(2)))
    assert counts(answer) == (2, 0, 0)
    (first, second) = rows_of(lead, answer)
    assert (first["row"], first["foreign_id"], first["code"]) == (1, "R-1", "taken")
    assert first["case"] != second["case"]
    case = cases(lead)[first["case"]]
    (claim,) = case.claims
    assert (claim.amount, claim.state, case.unit) == (30_000, "reported", "gd")
    journal = b"".join(record.body for record in lead.desk.happened(0, 10_000))
    for text in (b"Zhao", b"62220100", b"said he was", b"44030001", b"SN-1"):
        assert text not in journal
    there = lead.desk._office.directory
    purpose = Purpose("test", case.id, "look")
    assert there.entry(claim.payee, purpose).number == "6222010000000001"
    assert lead.get("/cases", "cy", foreign="old:R-1", reason="r").json() == {
        "case": case.id,
        "unit": "gd",
    }


def test_the_same_row_again_is_known_in_whatever_file_and_other_content_is_refused(lead):
    first = give(lead, lines(report(1)))
    last = lead.desk.last()
    again = give(lead, table(report(2), report(1)), media="text/csv")
    assert counts(again) == (1, 1, 0)
    case = rows_of(lead, first)[0]["case"]
    assert [row["case"] for row in rows_of(lead, again) if row["foreign_id"] == "R-1"] == [case]
    differs = give(lead, lines(report(1, amount="301.00")))
    assert counts(differs) == (0, 0, 1)
    assert rows_of(lead, differs)[0]["code"] == "foreign_id_reused"
    assert sum(len(found.claims) for found in cases(lead).values()) == 2
    assert lead.desk.last() > last
    elsewhere = give(lead, lines(report(1)), system="another")
    assert counts(elsewhere) == (1, 0, 0), "another system's R-1 is another row"


def test_bad_rows_are_named_one_by_one_and_the_good_ones_go_on(lead):
    bad = [
        (report(1, amount="0"), "amount_not_positive", "amount"),
        (report(2, amount="1.001"), "amount_too_fine", "amount"),
        (report(3, currency="beads"), "currency_unknown", "currency"),
        (report(4, paid_at="yesterday"), "time_unreadable", "paid_at"),
        (report(5, paid_at="2026-03-02 08:00:00"), "time_without_zone", "paid_at"),
        (report(6, received_at=at(-3)), "report_before_payment", "received_at"),
        (report(7, payee=""), "account_missing", "payee"),
        (report(8, payee="62220100\u0007x"), "value_unusable", "payee"),
        (report(9, payee_institution="bank seven"), "value_unusable", "payee_institution"),
        (report(10, foreign_id=""), "foreign_missing", "foreign_id"),
        (report(11, reporter_name="Zh\tao"), "value_unusable", "reporter_name"),
        (report(12, amount="9" * 15), "amount_too_large", "amount"),
        (report(13, accepts_liability="no"), "liability_not_accepted", ""),
        (report(14, received_at=at(5), paid_at=at(4)), "times_disagree", ""),
        (report(15, payee_name=""), "name_missing", "payee_name"),
        (report(20, reporter_name=["Zhao"]), "value_unusable", "reporter_name"),
        (
            report(16, payer="62229999", payer_institution=""),
            "institution_missing",
            "payer_institution",
        ),
        (report(17, foreign_id="R-18"), "taken", ""),
        (report(18, foreign_id="R-18"), "foreign_repeated", "foreign_id"),
    ]
    answer = give(lead, lines(*(row for row, _, _ in bad), report(99)))
    found = {row["row"]: (row["code"], row["column"]) for row in rows_of(lead, answer)}
    expected = {place: (code, column) for place, (_, code, column) in enumerate(bad, 1)}
    assert found == expected | {20: ("taken", "")}
    assert counts(answer) == (2, 0, 18)


def test_a_register_becomes_holds_with_their_own_ends_and_no_bank_hears_of_it(lead):
    freeze = held(2, measure="freeze", amount="80.00", ends_at="", foreign_case="C-1")
    answer = give(lead, lines(held(1, foreign_case="C-1"), freeze), "register")
    assert counts(answer) == (2, 0, 0)
    case = cases(lead)[rows_of(lead, answer)[0]["case"]]
    assert lead.get("/cases", "cy", foreign="old:C-1", reason="r").json()["case"] == case.id
    assert [hold.held for hold in case.holds] == [hold.asked for hold in case.holds]
    assert sorted(hold.held for hold in case.holds) == [8_000, 12_000]
    assert not any(hold.surplus_since for hold in case.holds), "a claim stands behind each"
    stop, frozen = sorted(lead.desk.view().every(), key=lambda hold: hold.held, reverse=True)
    assert (stop.state, stop.ends_at) == (HoldState.HELD, START + 20 * HOUR)
    assert (frozen.state, frozen.basis) == (HoldState.FROZEN, OrderKind.FREEZE)
    assert list(lead.desk.view().of_institution("bank-7")) == []
    assert lead.desk.backlog().unsent == 0
    names = {record.name for record in lead.desk.happened(0, 10_000)}
    assert not {"order_issued", "order_sent"} & names
    due = lead.desk._journal().due(START + 20 * HOUR, 100)
    assert [row.due_at for row in due if row.kind == "end_term"] == [START + 20 * HOUR]


def test_what_a_register_took_over_ends_by_itself_and_lists_its_accounts(lead):
    soon = instant_text(lead.clock.now() + timedelta(minutes=1))
    answer = give(lead, lines(held(1, ends_at=soon)), "register")
    case = rows_of(lead, answer)[0]["case"]
    assert [entry.level for entry in lead.desk.view().listed.of_case(case)] == ["suspect"]
    lead.clock.move(timedelta(minutes=2))
    until = time.monotonic() + 10
    while next(lead.desk.view().every()).is_live and time.monotonic() < until:
        time.sleep(0.05)
    (hold,) = lead.desk.view().every()
    assert (hold.state, hold.held) == (HoldState.LAPSED, 0)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ends_at": at(-11)}, "hold_ends_early"),
        ({"ends_at": at(24 * 30)}, "term_unfit"),
        ({"ends_at": at(70)}, "term_unfit"),  # 80 hours of a single stop
        ({"ends_at": at(39), "stops": "1"}, "term_unfit"),
        ({"measure": "freeze", "ends_at": "9999-01-01T00:00:00Z"}, "time_unreadable"),
        ({"started_at": at(48), "ends_at": at(50)}, "times_disagree"),
        ({"measure": "eat"}, "measure_unknown"),
    ],
)
def test_a_hold_that_no_law_gives_is_refused(lead, more, code):
    answer = give(lead, lines(held(1, **more)), "register")
    assert [row["code"] for row in rows_of(lead, answer)] == [code]
    assert cases(lead) == {}


@pytest.mark.parametrize(
    ("measure", "stops", "spent"),
    [
        ("stop", None, 1),
        ("stop", "1", 1),
        ("stop", 2, 2),
        ("freeze", None, 0),
        ("freeze", "2", 2),
        ("freeze", 0, 0),
    ],
)
def test_a_register_says_how_often_an_account_was_stopped_and_two_stay_two(
    lead, measure, stops, spent
):
    row = held(1, measure=measure) | ({} if stops is None else {"stops": stops})
    assert counts(give(lead, lines(row), "register")) == (1, 0, 0)
    (hold,) = lead.desk.view().every()
    assert hold.stops_spent == spent
    (standing,) = next(iter(cases(lead).values())).holds
    assert standing.stops_spent == spent, "the chase knows that none is left"
    state = lead.desk.view()
    assert decode_state(encode_state(state)) == state
    if measure == "stop":
        postpone = Order(
            *("p", OrderKind.POSTPONE, hold.key, "bank-7", hold.held, "ann", "not filed yet")
        )
        found = decide_order(hold, DraftOrder(postpone), lead.clock.now(), lead.desk.policy.orders)
        left = lead.desk.policy.orders.stops_max - spent
        is_refused = isinstance(found, Refusal) and found.reason is Reason.STOPS_EXHAUSTED
        assert is_refused is (left == 0)


@pytest.mark.parametrize(
    ("measure", "stops", "code"),
    [
        ("stop", "3", "stops_exhausted"),
        ("freeze", "3", "stops_exhausted"),
        ("stop", "0", "value_unusable"),
        ("stop", "-1", "value_unusable"),
        ("stop", "two", "value_unusable"),
        ("stop", "1.5", "value_unusable"),
        ("freeze", "12", "value_unusable"),
    ],
)
def test_more_stops_than_the_law_gives_are_not_taken_over(lead, measure, stops, code):
    answer = give(lead, lines(held(1, measure=measure, stops=stops)), "register")
    assert [row["code"] for row in rows_of(lead, answer)] == [code]
    assert cases(lead) == {}


def test_a_row_without_a_number_of_stops_is_the_row_that_was_taken_before_there_was_one(lead):
    assert counts(give(lead, lines(held(1)), "register")) == (1, 0, 0)
    assert counts(give(lead, lines(held(1, stops="")), "register")) == (0, 1, 0)
    other = give(lead, lines(held(1, stops="2")), "register")
    assert [row["code"] for row in rows_of(lead, other)] == ["foreign_id_reused"]


def test_one_account_of_one_case_is_held_once(lead):
    twice = held(2, account=held(1)["account"], foreign_case="C-1")
    answer = give(lead, lines(held(1, foreign_case="C-1"), twice), "register")
    assert [row["code"] for row in rows_of(lead, answer)] == ["taken", "already_held"]
    assert [hold.held for hold in lead.desk.view().every()] == [12_000]


def test_a_part_under_its_key_again_gives_the_first_answer_and_other_content_is_refused(lead):
    first = give(lead, lines(report(1), report(2, amount="0")), key="part-0001")
    last = lead.desk.last()
    again = give(lead, lines(report(1), report(2, amount="0")), key="part-0001")
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert problem(give(lead, lines(report(3)), key="part-0001")) == "import_differs"
    assert lead.records_of_persons(last) == []


def test_a_part_that_cannot_be_read_or_is_too_long_takes_no_row(lead):
    last = lead.desk.last()
    met = {
        "import_unreadable": give(lead, b"a,b\n1,2\n", media="text/csv"),
        "import_too_long": give(lead, lines(*map(report, range(limits.IMPORT_ROWS_MAX + 1)))),
        "body_too_large": give(lead, b" " * (limits.HTTP_BODY_BYTES_MAX + 1)),
        "media_type_unsupported": give(lead, b"{}", media="application/json"),
        "not_permitted": give(lead, lines(report(1)), by="bo"),
    }
    assert {name: problem(answer) for name, answer in met.items()} == {name: name for name in met}
    for data in (b"", b"\n", b"\xff\xfe\x00", b"[1, 2]", b'"', b"{" * 50_000, b"\0" * 5000):
        for media in ("text/csv", "application/x-ndjson"):
            assert problem(give(lead, data, media=media)) == "import_unreadable", (data[:9], media)
    assert lead.records_of_persons(last) == []
    assert problem(lead.get("/cases", "bo", foreign="old:none", reason="r")) == "not_permitted"


def test_a_part_at_the_limit_whose_rows_say_all_they_can_is_kept(lead):
    rows = [held(n, foreign_id=f"{n:064d}", account_name="") for n in range(limits.IMPORT_ROWS_MAX)]
    answer = give(lead, lines(*rows), "register")
    assert counts(answer) == (0, 0, limits.IMPORT_ROWS_MAX)
    (record,) = [x for x in lead.desk.happened(0, 10_000) if x.name == "import_noted"]
    assert len(record.body) < limits.EVENT_BYTES_MAX // 2, "ids of cases and longer words fit too"


def test_what_was_imported_is_the_same_after_a_restart_and_from_a_snapshot(lead):
    give(lead, lines(report(1), report(2, amount="0")))
    give(lead, lines(held(1)), "register")
    state = lead.desk.view()
    kept = encode_state(state)
    assert decode_state(kept) == state
    lead.desk.drain()
    other = open_desk(lead.folder, HandClock(lead.clock.now()))
    other.start()
    assert encode_state(other.view()) == kept
    other.drain()


# --- killed in the middle, and the command line --------------------------------------------------------------------------

_DYING = """
import os, signal, sys, threading, time
sys.path[:0] = [{tests!r}]
from pathlib import Path
from bureau import Bureau
from recoup.api import set_up_logs
from recoup.clock import HandClock
from recoup.staff import Role
import io
set_up_logs(io.StringIO())
desk = Bureau(Path({folder!r}))
desk.set_up()
desk.hire("cy", (Role.CASE_LEAD, "gd"))
from foreign_rows import give, lines, report
before = desk.desk.last()
def watch():
    while desk.desk.last() - before < {records}:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)
if {records}:
    threading.Thread(target=watch, daemon=True).start()
print(give(desk, lines(*map(report, range({rows}))), key="part-0001").status_code, flush=True)
desk.close()
"""


def _run(folder: Path, records: int, rows: int = 120) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    program = _DYING.format(
        tests=str(here.parents[1]), folder=str(folder), records=records, rows=rows
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ,
    )


@pytest.mark.parametrize("records", [1, 60, pytest.param(250, marks=pytest.mark.slow)])
def test_an_import_that_was_killed_goes_on_with_no_row_lost_and_none_twice(
    tmp_path: Path, log: StringIO, records: int
) -> None:
    assert log.getvalue() == ""
    died = _run(tmp_path, records)
    assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
    clock = HandClock(START + timedelta(minutes=10))
    desk = open_desk(tmp_path, clock)
    desk.start()
    known = len(desk.view().cases)
    desk.drain()
    assert 0 < known < 120, "it died in the middle, or the test shows nothing"
    found = Bureau(tmp_path, clock)
    person = next(x.id for x in found.staff.persons.values() if x.grants[0].role is Role.CASE_LEAD)
    found.ids["cy"] = person
    found.let_in("cy")
    answer = give(found, lines(*map(report, range(120))), key="part-0001")
    assert counts(answer) == (120 - known, known, 0)
    view = found.desk.view()
    assert len(view.cases) == len(view.imported.rows) == 120
    assert sorted(len(case.claims) for case in view.cases.values()) == [1] * 120
    purpose = Purpose("test", "c", "look")
    numbers = {
        found.desk._office.directory.entry(case.claims[0].payee, purpose).number
        for case in view.cases.values()
    }
    assert numbers == {report(n)["payee"] for n in range(120)}
    found.close()


def test_rows_whose_ids_follow_from_nothing_are_not_known_again(
    lead: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without an id that follows from the other system's, a second run is not a repeat."""
    fresh = itertools.count()
    monkeypatch.setattr(imports, "derived_id", lambda *_: f"row-{next(fresh)}")
    assert counts(give(lead, lines(*map(report, range(9))))) == (9, 0, 0)
    assert counts(give(lead, lines(*map(report, range(9))))) != (0, 9, 0)


def test_the_command_line_reads_a_foreign_table_by_its_map_and_tells_every_row(
    lead: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [held(n, measure="止付") for n in range(3)] + [held(9, amount="x")]
    words = {"foreign_id": "Aktenzeichen", "ends_at": "bis"}
    renamed = [{words.get(name, name): value for name, value in row.items()} for row in rows]
    file, column_map, out = (tmp_path / name for name in ("old.csv", "map.toml", "out.csv"))
    file.write_bytes(table(*renamed))
    column_map.write_text('[columns]\nforeign_id = "Aktenzeichen"\nuntil = "bis"\n')
    monkeypatch.setenv("RECOUP_TOKEN", lead.tokens["cy"])
    arguments = ["centre", "import", str(file), "--kind", "register", "--system", "old"]
    arguments += ["--unit", "gd", "--centre", lead.served.address, "--map", str(column_map)]
    first = CliRunner().invoke(app, [*arguments, "--report", str(out)])
    assert first.exit_code == 1, first.output
    told = [(row["row"], row["code"]) for row in csv.DictReader(StringIO(out.read_text()))]
    assert told == [("2", "taken"), ("3", "taken"), ("4", "taken"), ("5", "amount_unreadable")]
    assert len(cases(lead)) == 3
    again = CliRunner().invoke(app, arguments)
    assert again.output == first.output, "the same command again changes nothing"
    assert len(cases(lead)) == 3
    ends = {hold.ends_at for hold in lead.desk.view().every()}
    assert ends == {datetime.fromisoformat(at(20))}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"RECOUP_TOKEN": ""}, "RECOUP_TOKEN"),
        ({"--kind": "lists"}, "--kind"),
        ({"FILE": "nowhere.csv"}, "nowhere.csv"),
        ({"--centre": "http://127.0.0.1:1"}, "run it again"),
        ({"--unit": "elsewhere"}, "not_permitted"),
        ({"RECOUP_TOKEN": "x" * 40}, "session_ended"),
    ],
)
def test_the_command_line_says_what_it_cannot_use(
    lead: Bureau,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    words: str,
) -> None:
    file = tmp_path / "old.csv"
    file.write_bytes(table(held(1)))
    monkeypatch.setenv("RECOUP_TOKEN", change.get("RECOUP_TOKEN", lead.tokens["cy"]))
    options = {"--kind": "register", "--system": "old", "--unit": "gd"}
    options |= {"--centre": lead.served.address, **change}
    arguments = ["centre", "import", change.get("FILE", str(file))]
    for name, value in options.items():
        arguments += [name, value] if name.startswith("--") else []
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 2, found.output
    assert words in found.output
    assert cases(lead) == {}
