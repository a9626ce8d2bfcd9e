"""`recoup return` on files: what it writes, that anyone can work it out again, and that it refuses what is wrong by its row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from return_files import CLAIMS, LEDGER, POTS, fill, rows, run
from typer.testing import CliRunner

from recoup.cli import app
from recoup.evidence.staging import RESULTS
from recoup.reading import return_policies
from recoup.reading.return_policies import shipped_return_policies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path)


def test_every_pot_is_given_back_and_the_reasons_say_why(folder: Path) -> None:
    result = run(folder, "--policy", "cn-2016")
    assert result.exit_code == 0, result.output
    awards = rows(folder / "out/awards.csv")
    assert list(awards[0]) == ["claim", "account", "mode", "amount", "reason"]
    assert [(r["claim"], r["account"], r["mode"], r["amount"]) for r in awards] == [
        ("c1", "shop", "2", "60.00"),
        ("c2", "mule", "2", "10.00"),
        ("c2", "shop", "2", "30.00"),
        ("c3", "solo", "1", "25.00"),
    ]
    remaining = {r["account"]: r for r in rows(folder / "out/remaining.csv")}
    assert (remaining["shop"]["holders_own"], remaining["shop"]["remaining"]) == ("30.00", "30.00")
    summary = json.loads((folder / "out/summary.json").read_text(encoding="utf-8"))
    (totals,) = summary["totals"]
    assert (totals["frozen"], totals["awarded"], totals["short"]) == ("155.00", "125.00", "0.00")
    assert [name for name in ("rules", "own_first", "basis") if f"{name}: " in result.output]
    assert summary["policy"]["rules"]["source"] == "return-rules-art-8"


def test_the_awards_can_be_worked_out_again_and_a_changed_one_is_found(folder: Path) -> None:
    run(folder)
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output
    for name in ("awards.csv", "remaining.csv", "return-traced.csv", "return-pots.csv"):
        path = folder / "out" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("10.00", "10.01", 1), encoding="utf-8")
        changed = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
        assert changed.exit_code == 2
        assert name in changed.output
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("summary.json", '"digits": {', '"documents": [], "digits": {'),
        ("return-pots.csv", "mule,CNY,10.00", "mule,CNY,much"),
        ("return-pots.csv", "involved", "guilty"),
        ("return-claims.csv", "c1,P,CNY,60.00", "c1,P,CNY,-60.00"),
        ("return-traced.csv", "fifo,c1", "fifo,c9"),
        ("summary.json", "recoup.return/1", "recoup.summary/1"),
        ("summary.json", "awards.csv", "../awards.csv"),
    ],
)
def test_a_folder_that_no_return_wrote_is_refused_by_name(
    folder: Path, name: str, old: str, new: str
) -> None:
    run(folder)
    path = folder / "out" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    result = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert result.exit_code == 2
    assert "return_unreadable" in result.output
    assert name in result.output


def test_several_files_may_follow_one_option(folder: Path) -> None:
    head, *lines = LEDGER.splitlines(keepends=True)
    (folder / "t.csv").write_text(head + "".join(lines[:2]), encoding="utf-8")
    (folder / "u.csv").write_text(head + "".join(lines[2:]), encoding="utf-8")
    result = run(folder, "--policy", "cn-2016", transfers=("t.csv", "u.csv"))
    assert result.exit_code == 0, result.output
    assert len(rows(folder / "out/awards.csv")) == 4


def test_what_was_returned_and_compensated_before_is_not_given_again(folder: Path) -> None:
    text = "claim,victim,transfer,loss,returned,compensated,class\nc1,P,t1,50.00,10.00,30.00,\n"
    (folder / "c.csv").write_text(text + "c2,M,t2,,,,third_party\n", encoding="utf-8")
    assert run(folder).exit_code == 0
    given: dict[str, float] = {}
    for row in rows(folder / "out/awards.csv"):
        given[row["claim"]] = given.get(row["claim"], 0) + float(row["amount"])
    assert given == {"c1": 10.0, "c2": 40.0}


def test_an_innocent_holder_keeps_what_was_paid_beyond_the_admitted_loss(folder: Path) -> None:
    (folder / "c.csv").write_text(
        "claim,victim,transfer,loss\nc1,P,t1,10.00\nc3,K,t4,25.00\n", encoding="utf-8"
    )
    text = "account,amount,currency,holder\nshop,120.00,CNY,innocent\n"
    (folder / "p.csv").write_text(text, encoding="utf-8")
    assert run(folder).exit_code == 0
    assert [(r["claim"], r["amount"]) for r in rows(folder / "out/awards.csv")] == [("c1", "10.00")]
    (left,) = rows(folder / "out/remaining.csv")
    assert left["holders_own"] == left["remaining"] == "110.00"


def test_every_file_of_a_return_gives_way_to_those_of_a_later_run(folder: Path) -> None:
    assert run(folder).exit_code == 0
    assert {path.name for path in (folder / "out").iterdir()} <= RESULTS


def test_a_new_round_gives_what_is_left_to_who_was_not_paid_yet(folder: Path) -> None:
    (folder / "p.csv").write_text("account,amount,currency\nshop,30.00,CNY\n", encoding="utf-8")
    text = "claim,victim,transfer,loss,returned\nc1,P,t1,60.00,60.00\nc2,M,t2,40.00,5.00\n"
    (folder / "c.csv").write_text(text, encoding="utf-8")
    assert run(folder).exit_code == 0
    found = [(r["claim"], r["mode"], r["amount"]) for r in rows(folder / "out/awards.csv")]
    assert found == [("c2", "2", "30.00")]


def test_a_new_victim_opens_a_round_that_counts_nothing_paid_before_again(folder: Path) -> None:
    """c3's 25.00 were paid of solo; then L reports, and 30.00 more lie there. L's money is L's; c3's is not found again."""
    assert run(folder).exit_code == 0
    (folder / "out/awards.csv").rename(folder / "first.csv")
    more = "t6,2026-01-05T10:05:00Z,L,solo,20.00,CNY\nt7,2026-01-05T10:06:00Z,X,solo,10.00,CNY\n"
    (folder / "t.csv").write_text(LEDGER + more, encoding="utf-8")
    (folder / "c.csv").write_text(CLAIMS.replace("t4,25.00", "t4,") + "c4,L,t6,\n", "utf-8")
    text = "account,amount,currency,holder\nsolo,30.00,CNY,\nshop,30.00,CNY,innocent\n"
    (folder / "p.csv").write_text(text, encoding="utf-8")
    assert run(folder, "--paid", str(folder / "first.csv")).exit_code == 0
    found = rows(folder / "out/awards.csv")
    assert [(r["claim"], r["account"], r["mode"], r["amount"]) for r in found] == [
        ("c4", "solo", "2", "20.00")
    ]
    remaining = {r["account"]: r for r in rows(folder / "out/remaining.csv")}
    assert remaining["shop"]["holders_own"] == "30.00"  # all that was found there was paid
    assert remaining["mule"]["frozen"] == "0.00"
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output
    # Forgotten, the payments would be made again, out of the innocent holder's money too.
    assert run(folder).exit_code == 0
    assert {r["claim"] for r in rows(folder / "out/awards.csv")} > {"c4"}


@pytest.mark.parametrize(
    ("code", "text", "row"),
    [
        ("paid_claim_unknown", "c1,mule,1.00,CNY\nc9,mule,1.00,CNY\n", "row 3"),
        ("paid_currency", "c1,mule,1.00,USD\n", "row 2"),
        ("paid_above_missing", "c1,mule,50.00,\nc1,shop,10.01,\n", "row 3"),
        ("amount_not_positive", "c1,mule,0.00,\n", "row 2"),
        ("account_missing", "c1,,1.00,\n", "row 2"),
        ("pot_above_balance", "c2,mule,0.01,\n", "row 2"),
    ],
)
def test_payments_that_cannot_be_are_named_by_their_row(
    folder: Path, code: str, text: str, row: str
) -> None:
    (folder / "paid.csv").write_text("claim,account,amount,currency\n" + text, encoding="utf-8")
    result = run(folder, "--paid", str(folder / "paid.csv"))
    assert result.exit_code == 2, result.output
    assert code in result.output
    assert row in result.output
    assert not (folder / "out").exists()


def test_who_paid_into_the_pots_and_never_reported_is_listed_for_a_call(folder: Path) -> None:
    more = """\
t6,2026-01-05T10:05:00Z,Q,relay,7.00,CNY
t7,2026-01-05T10:06:00Z,relay,mule,7.00,CNY
t8,2026-01-05T10:07:00Z,,mule,3.00,CNY
t9,2026-01-05T10:08:00Z,P,mule,2.00,CNY
"""
    (folder / "t.csv").write_text(LEDGER + more, encoding="utf-8")
    assert run(folder).exit_code == 0
    found = rows(folder / "out/likely-victims.csv")
    assert [(r["account"], r["transfer"], r["amount"], r["source"]) for r in found] == [
        ("guest", "", "30.00", "opening"),
        ("Q", "", "7.00", "opening"),
        ("mule", "t8", "3.00", "deposit"),
    ]
    # Where only the mule's statement is known, payers are named with their transfers, a claimant's unreported one too.
    (folder / "k.csv").write_text("account\nmule\n", encoding="utf-8")
    (folder / "p.csv").write_text("account,amount,currency\nmule,10.00,CNY\n", encoding="utf-8")
    assert run(folder, "--known", str(folder / "k.csv")).exit_code == 0
    assert [(r["account"], r["transfer"]) for r in rows(folder / "out/likely-victims.csv")] == [
        ("relay", "t7"),
        ("mule", "t8"),
        ("P", "t9"),
    ]
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output


def direct_of(folder: Path, account: str) -> dict[str, str]:
    """Return what claims got directly of an account, and that it can be worked out again."""
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output
    found = rows(folder / "out/awards.csv")
    return {r["claim"]: r["amount"] for r in found if r["account"] == account and r["mode"] != "3"}


def test_what_a_hold_kept_was_not_spent(folder: Path) -> None:
    (folder / "p.csv").write_text("account,amount,currency\nmule,10.00,CNY\n", encoding="utf-8")
    assert run(folder).exit_code == 0
    assert direct_of(folder, "mule") == {"c2": "10.00"}
    text = "account,currency,amount,time\nmule,CNY,10.00,2026-01-05T10:01:30Z\n"
    (folder / "h.csv").write_text(text, encoding="utf-8")
    assert run(folder, "--holds", str(folder / "h.csv")).exit_code == 0
    assert direct_of(folder, "mule") == {"c1": "10.00"}


def test_an_asserted_link_carries_claims_to_a_pot_as_in_tracing(folder: Path) -> None:
    more = "t6,2026-01-05T10:05:00Z,mule,,10.00,CNY\nt7,2026-01-05T10:06:00Z,X,saver,1.00,CNY\n"
    (folder / "t.csv").write_text(LEDGER + more, encoding="utf-8")
    (folder / "p.csv").write_text("account,amount,currency\nsaver,11.00,CNY\n", encoding="utf-8")
    refused = run(folder)
    assert (refused.exit_code, "pot_above_balance" in refused.output) == (2, True)
    text = (
        "from,to,amount,time,evidence,grade,author\n"
        "mule,saver,10.00,2026-01-05T10:07:00Z,camera,likely,officer 7\n"
    )
    (folder / "l.csv").write_text(text, encoding="utf-8")
    result = run(folder, "--links", str(folder / "l.csv"))
    assert result.exit_code == 0, result.output
    assert direct_of(folder, "saver") == {"c2": "10.00"}
    (folder / "l.csv").write_text(text.replace("camera", ""), encoding="utf-8")
    wrong = run(folder, "--links", str(folder / "l.csv"))
    assert (wrong.exit_code, "link_unsupported" in wrong.output) == (2, True)


def test_an_account_without_statement_is_followed_only_when_bridged(folder: Path) -> None:
    more = "t6,2026-01-05T10:05:00Z,shop,saver,90.00,CNY\n"
    (folder / "t.csv").write_text(LEDGER + more, encoding="utf-8")
    (folder / "k.csv").write_text("account\nmule\nsaver\n", encoding="utf-8")
    (folder / "p.csv").write_text("account,amount,currency\nsaver,90.00,CNY\n", encoding="utf-8")
    known = ("--known", str(folder / "k.csv"))
    assert run(folder, *known).exit_code == 0
    assert direct_of(folder, "saver") == {}
    assert run(folder, *known, "--bridge").exit_code == 0
    assert direct_of(folder, "saver") == {"c1": "60.00", "c2": "30.00"}


BAD = [
    ("pot_above_balance", "p.csv", "mule,10.00", "mule,10.01", "row 2"),
    ("pot_above_balance", "p.csv", "solo,25.00", "nobody,25.00", "row 3"),
    ("pot_currency", "p.csv", "solo,25.00,CNY", "solo,25.00,USD", "row 3"),
    ("pot_twice", "p.csv", "solo,25.00", "mule,5.00", "row 3"),
    ("pot_holder_unknown", "p.csv", "innocent", "suspect", "row 4"),
    ("amount_not_positive", "p.csv", "mule,10.00", "mule,0.00", "row 2"),
    ("amount_not_positive", "p.csv", "mule,10.00", "mule,-10.00", "row 2"),
    ("amount_not_positive", "c.csv", "c2,M,t2,40.00", "c2,M,t2,0.00", "row 3"),
    ("amount_not_positive", "c.csv", "c2,M,t2,40.00", "c2,M,t2,-1.00", "row 3"),
    ("amount_not_positive", "t.csv", "shop,30.00", "shop,-30.00", "row 6"),
    ("loss_above_transfer", "c.csv", "c2,M,t2,40.00", "c2,M,t2,40.01", "row 3"),
    ("claim_no_match", "c.csv", "c3,K,t4", "c3,K,t9", "row 4"),
    ("claim_duplicate", "c.csv", "c3,K", "c2,K", "row 4"),
    ("transfer_disputed_twice", "c.csv", "c3,K,t4,25.00", "c3,K,t2,25.00", "row 4"),
    ("id_duplicate", "t.csv", "t5,2026", "t4,2026", "row 6"),
    ("amount_unreadable", "p.csv", "mule,10.00", "mule,ten", "row 2"),
    ("amount_negative", "p.csv", "holder\nmule,10.00,CNY,", "interest\nmule,10.00,CNY,-1", "row 2"),
]


@pytest.mark.parametrize(("code", "name", "old", "new", "row"), BAD)
def test_what_is_wrong_is_named_by_its_row_and_nothing_is_written(
    folder: Path, code: str, name: str, old: str, new: str, row: str
) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    result = run(folder)
    assert result.exit_code == 2, result.output
    assert code in result.output
    assert row in result.output
    assert not (folder / "out").exists()


def test_the_very_row_of_an_overlapping_export_counts_once(folder: Path) -> None:
    """Counted twice, solo would show 50.00 and a pot of more than was ever there would pass."""
    assert run(folder).exit_code == 0
    before = (folder / "out/awards.csv").read_bytes()
    head, *lines = LEDGER.splitlines(keepends=True)
    (folder / "u.csv").write_text(head + lines[3], encoding="utf-8")
    both = ("t.csv", "u.csv")
    assert run(folder, transfers=both).exit_code == 0
    assert (folder / "out/awards.csv").read_bytes() == before
    (folder / "p.csv").write_text(POTS.replace("solo,25.00", "solo,25.01"), encoding="utf-8")
    more = run(folder, transfers=both)
    assert (more.exit_code, "pot_above_balance" in more.output) == (2, True)


def test_an_id_that_one_file_gives_twice_is_refused_by_its_row(folder: Path) -> None:
    head, *lines = LEDGER.splitlines(keepends=True)
    (folder / "t.csv").write_text(head + "".join(lines) + lines[0], encoding="utf-8")
    found = run(folder)
    assert (found.exit_code, (folder / "out").exists()) == (2, False)
    assert f"t.csv row {len(lines) + 2}" in found.output
    assert "the file gives it twice" in found.output


def test_a_pot_that_a_court_froze_too_is_refused(folder: Path) -> None:
    text = "account,amount,currency,shared_with\nmule,10.00,CNY,\nsolo,25.00,CNY,district court\n"
    (folder / "p.csv").write_text(text, encoding="utf-8")
    result = run(folder)
    assert result.exit_code == 2
    assert "pot_shared" in result.output
    assert "row 3" in result.output


def test_more_returned_than_lost_is_refused(folder: Path) -> None:
    text = "claim,victim,transfer,loss,returned,compensated\nc1,P,t1,60.00,50.00,10.01\n"
    (folder / "c.csv").write_text(text, encoding="utf-8")
    result = run(folder)
    assert result.exit_code == 2
    assert "paid_above_loss" in result.output


def test_a_claim_whose_money_has_all_left_is_no_error(folder: Path) -> None:
    (folder / "p.csv").write_text("account,amount,currency\nsolo,25.00,CNY\n", encoding="utf-8")
    assert run(folder).exit_code == 0
    assert {r["claim"] for r in rows(folder / "out/awards.csv")} == {"c3"}


def test_seized_cash_needs_no_statement_and_is_shared_with_the_rest(folder: Path) -> None:
    text = "account,amount,currency,kind\ncash of the search,50.00,CNY,cash\n"
    (folder / "p.csv").write_text(text, encoding="utf-8")
    assert run(folder).exit_code == 0
    awards = rows(folder / "out/awards.csv")
    assert [(r["claim"], r["mode"], r["amount"]) for r in awards] == [
        ("c1", "3", "24.00"),
        ("c2", "3", "16.00"),
        ("c3", "3", "10.00"),
    ]


def test_interest_is_shown_apart_and_shared_only_where_the_policy_says_so(folder: Path) -> None:
    """c2 misses 40.00 and gets the 10.00 that are left; 5.00 of interest stay apart, or go to claims pro rata."""
    text = "account,amount,currency,holder,interest\nmule,10.00,CNY,,5.00\nshop,120.00,CNY,innocent,2.00\n"
    (folder / "p.csv").write_text(text, encoding="utf-8")
    (folder / "c.csv").write_text(
        "claim,victim,transfer,loss,returned\nc2,M,t2,40.00,\n", encoding="utf-8"
    )
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "interest: apart (choice of this project" in result.output
    assert "unclaimed: after: the term of the freeze" in result.output
    before = rows(folder / "out/awards.csv")
    remaining = {r["account"]: r for r in rows(folder / "out/remaining.csv")}
    assert (remaining["mule"]["interest"], remaining["mule"]["interest_shared"]) == ("5.00", "0.00")
    assert "kept apart" in remaining["mule"]["reason"]
    assert "innocent holder's" in remaining["shop"]["reason"]
    summary = json.loads((folder / "out/summary.json").read_text(encoding="utf-8"))
    assert (summary["totals"][0]["interest"], summary["totals"][0]["frozen"]) == ("7.00", "130.00")
    assert {term["term"] for term in summary["terms"]} == {"interest", "unclaimed"}

    text = (return_policies._HERE / "pari-passu.toml").read_text(encoding="utf-8")
    mine = text.replace('interest = { value = "apart"', 'interest = { value = "claims"')
    (folder / "mine.toml").write_text(mine, encoding="utf-8")
    (folder / "p.csv").write_text(
        "account,amount,currency,interest\nmule,10.00,CNY,5.00\n", encoding="utf-8"
    )
    assert run(folder, "--policy", str(folder / "mine.toml")).exit_code == 0
    assert [(r["claim"], r["amount"]) for r in rows(folder / "out/awards.csv")] == [("c2", "15.00")]
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output
    assert before[0]["claim"] == "c2"


def test_a_policy_that_is_not_there_is_refused(folder: Path) -> None:
    result = run(folder, "--policy", "atlantis-1")
    assert result.exit_code == 2
    assert "cn-2016" in result.output
    assert not (folder / "out").exists()


def test_one_case_is_shown_under_every_shipped_policy(folder: Path) -> None:
    arguments = ["--pots", str(folder / "p.csv"), "--claims", str(folder / "c.csv")]
    result = CliRunner().invoke(
        app, ["return", "compare", *arguments, "--transfers", str(folder / "t.csv")]
    )
    assert result.exit_code == 0, result.output
    header, *lines = (line.split("\t") for line in result.stdout.splitlines())
    assert header[3:] == list(shipped_return_policies())
    table = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    # The scheme reaches no claim in this currency, and gives nothing of the pots.
    assert (table["c3"]["uk-2024"], table["(remains)"]["uk-2024"]) == ("", "155.00")
    assert table["c3"]["cn-2016"] == table["c3"]["kr-2011"] == "25.00"
    assert (table["c1"]["kr-2011"], table["c1"]["cn-2016"]) == ("6.00", "60.00")


def test_a_policy_for_comparison_pays_nobody(folder: Path) -> None:
    result = run(folder, "--policy", "kr-2011")
    assert result.exit_code == 2
    assert "policy_not_payable" in result.output
    assert not (folder / "out").exists()
