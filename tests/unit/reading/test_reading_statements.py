"""Statements: directions, both ends of a transfer, order, overlaps, reversals, the platform's folder."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.reading import ColumnMap, Reading, ReadingOptions, from_frames, read_transfers
from recoup.records.balances import implied_openings

ZONED = ReadingOptions(timezone="Asia/Shanghai")
HEAD = "账号,交易时间,金额,借贷标志,对方账号,余额,流水号,币种\n"
Read = Callable[..., Reading]
Made = Callable[..., Path]


def rows(reading: Reading, *columns: str) -> list[tuple[object, ...]]:
    return reading.transfers.select(columns).rows()


@pytest.mark.parametrize(
    ("head", "line_out", "line_in"),
    [
        ("金额,借贷标志", "5,借", "5,贷"),
        ("金额,收付标志", "5,出", "5,进"),
        ("金额,收/支", "5,支出", "5,收入"),
        ("金额,direction", "5,DBIT", "5,CRDT"),
        ("金额,BorrowingSigns", "5,0", "5,1"),
        ("金额,借贷标志", "-5,借", "5,贷"),
        ("借方发生额,贷方发生额", "5,", ",5"),
        ("支出,收入", "5.00,0.00", "0.00,5.00"),
        ("支出金额,收入金额", "-5,--", "--,5"),
        ("金额,渠道", "-5,x", "5,x"),
        ("金额,渠道", "-5,x", "+5,x"),
    ],
)
def test_every_way_to_say_the_direction(read: Read, head: str, line_out: str, line_in: str) -> None:
    reading = read(
        f"账号,交易时间,{head},对方账号,币种\nA,2024-01-01 10:00:00,{line_out},B,CNY\nA,2024-01-01 10:00:01,{line_in},C,CNY\n"
    )
    assert reading.problems == ()
    assert rows(reading, "payer", "payee", "amount") == [("A", "B", 500), ("C", "A", 500)]


def test_both_ends_are_one_transfer_with_the_payers_time_and_number(made: Made) -> None:
    first = made(
        "a.csv",
        HEAD.replace("\n", ",户名\n") + "A,2024-01-01 10:00:00,5,借,B,95,A0000001,CNY,张三\n",
    )
    second = made(
        "b.csv",
        HEAD.replace("\n", ",户名\n") + "B,2024-01-01 10:02:00,5,贷,A,105,B0000001,CNY,李四\n",
    )
    reading = read_transfers([second, first], ZONED)
    assert reading.problems == ()
    row = reading.transfers.row(0, named=True)
    assert reading.transfers.height == 1
    assert (row["id"], row["time"], row["payer_balance"], row["payee_balance"]) == (
        "A0000001",
        datetime(2024, 1, 1, 2, tzinfo=UTC),
        9500,
        10500,
    )
    assert (row["source"], row["row"], row["other_source"], row["other_row"]) == (1, 2, 0, 2)
    assert (row["payer_name"], row["payee_name"]) == ("张三", "李四")
    assert reading.doubtful.is_empty()
    assert reading.known == {"A", "B"}


def test_rows_further_apart_than_the_window_stay_two_and_are_named(made: Made) -> None:
    path = made(
        "a.csv", HEAD + "A,2024-01-01 10:00:00,5,借,B,,,CNY\nB,2024-01-01 10:06:00,5,贷,A,,,CNY\n"
    )
    assert read_transfers([path], ZONED).transfers.height == 2
    assert read_transfers([path], ZONED).doubtful["reason"].to_list() == [
        "not matched: same accounts and amount, 6 minutes apart"
    ]
    wider = ReadingOptions(timezone="Asia/Shanghai", match_window=timedelta(minutes=6))
    assert read_transfers([path], wider).transfers.height == 1


def test_the_nearest_in_time_pair_and_rivals_are_doubtful(made: Made) -> None:
    path = made(
        "a.csv",
        HEAD
        + "A,2024-01-01 10:00:00,5,借,B,,,CNY\nA,2024-01-01 10:03:00,5,借,B,,,CNY\nB,2024-01-01 10:03:30,5,贷,A,,,CNY\n",
    )
    reading = read_transfers([path], ZONED)
    assert rows(reading, "row", "other_row") == [(2, None), (3, 4)]
    assert reading.doubtful["reason"].to_list() == [
        "several rows would do; the nearest in time was taken"
    ]


def test_equal_rows_pair_in_order_without_doubt(made: Made) -> None:
    path = made(
        "a.csv",
        HEAD + "A,2024-01-01 10:00,5,借,B,,,CNY\n" * 2 + "B,2024-01-01 10:00,5,贷,A,,,CNY\n" * 2,
    )
    reading = read_transfers([path], ZONED)
    assert rows(reading, "row", "other_row") == [(2, 4), (3, 5)]
    assert reading.doubtful.filter(pl.col("reason").str.contains("several")).is_empty()


def test_a_reference_pairs_rows_of_another_hour(made: Made) -> None:
    head = "账号,交易时间,金额,借贷标志,对方账号,币种,reference\n"
    path = made(
        "a.csv",
        head
        + "A,2024-01-01 10:00:00,5,借,B,CNY,R1\nB,2024-01-01 12:00:00,5,贷,,CNY,R1\nB,2024-01-01 10:00:01,5,贷,,CNY,R2\n",
    )
    assert (2, 3) in rows(read_transfers([path], ZONED), "row", "other_row")


def test_a_reference_does_not_pair_two_rows_of_one_account(made: Made) -> None:
    head = "账号,交易时间,金额,借贷标志,对方账号,币种,reference\n"
    path = made(
        "a.csv", head + "A,2024-01-01 10:00:00,5,借,,CNY,R1\nA,2024-01-01 12:00:00,5,贷,,CNY,R1\n"
    )
    assert rows(read_transfers([path], ZONED), "payer", "payee") == [("A", ""), ("", "A")]


@pytest.mark.parametrize("stated", ["", "62220*****0001", "-"])
def test_a_row_that_does_not_name_the_other_side_may_pair_but_is_doubtful(
    made: Made, stated: str
) -> None:
    path = made(
        "a.csv",
        HEAD
        + f"6222020000001,2024-01-01 10:00:00,5,借,B,,,CNY\nB,2024-01-01 10:00:02,5,贷,{stated.replace('0001', '001')},,,CNY\n",
    )
    reading = read_transfers([path], ZONED)
    assert rows(reading, "payer", "payee", "row", "other_row") == [("6222020000001", "B", 2, 3)]
    assert reading.doubtful["reason"].to_list() == ["the payee's row does not name the payer"]


def test_other_masked_numbers_other_names_and_other_amounts_do_not_pair(made: Made) -> None:
    head = HEAD.replace("\n", ",对方户名,户名\n")
    base = "A,2024-01-01 10:00:00,5,借,B,,,CNY,,\n"
    for line in (
        "B,2024-01-01 10:00:02,5,贷,99***99,,,CNY,,\n",
        "B,2024-01-01 10:00:02,6,贷,A,,,CNY,,\n",
        "B,2024-01-01 10:00:02,5,贷,A,,,USD,,\n",
    ):
        assert read_transfers([made("a.csv", head + base + line)], ZONED).transfers.height == 2
    named = made(
        "n.csv",
        head
        + "A,2024-01-01 10:00:00,5,借,B,,,CNY,,张三\nB,2024-01-01 10:00:02,5,贷,,,,CNY,王五,\n",
    )
    assert read_transfers([named], ZONED).transfers.height == 2


def test_date_only_statements_match_within_the_day(made: Made) -> None:
    path = made("a.csv", HEAD + "A,2024-01-01,5,借,B,,,CNY\nB,2024-01-01 17:00:00,5,贷,A,,,CNY\n")
    assert read_transfers([path], ZONED).transfers.height == 1


def test_a_file_that_stands_newest_first_is_proved_by_its_balances(read: Read) -> None:
    reading = read(HEAD + "A,2024-01-01 10:00,2,借,C,3,,CNY\nA,2024-01-01 10:00,5,贷,B,5,,CNY\n")
    assert reading.problems == ()
    assert rows(reading, "row") == [(3,), (2,)]
    assert reading.statements.directions.select("direction", "proof").row(0) == (
        "newest_first",
        "balances",
    )


def test_without_balances_the_times_say_which_way_a_file_stands(read: Read) -> None:
    lines = [
        "A,2024-01-02 10:00,1,借,C,,,CNY",
        "A,2024-01-01 10:00,2,借,C,,,CNY",
        "A,2024-01-01 10:00,3,贷,B,,,CNY",
    ]
    reading = read(HEAD + "\n".join(lines) + "\n")
    assert rows(reading, "row") == [(4,), (3,), (2,)]
    assert reading.statements.directions["proof"].to_list() == ["times"]


def test_rows_of_one_time_without_proof_stay_as_they_are_and_are_doubtful(read: Read) -> None:
    reading = read(HEAD + "A,2024-01-01 10:00,2,借,C,,,CNY\nA,2024-01-01 10:00,5,贷,B,,,CNY\n")
    assert rows(reading, "row") == [(2,), (3,)]
    assert reading.doubtful["reason"].to_list() == [
        "nothing proves the order of rows of one time; they are taken as they stand"
    ]


def test_a_given_sequence_holds(read: Read) -> None:
    reading = read(
        HEAD.replace("\n", ",序号\n")
        + "A,2024-01-01 10:00,2,借,C,3,,CNY,2\nA,2024-01-01 10:00,5,贷,B,5,,CNY,1\n"
    )
    assert reading.problems == ()
    assert rows(reading, "row", "sequence") == [(3, 1), (2, 2)]


def test_one_instant_keeps_the_order_of_every_account(made: Made) -> None:
    """A receives from C and pays B; B receives from A and pays D, listed newest first; all within one minute."""
    first = made(
        "a.csv", HEAD + "A,2024-01-01 10:00,5,贷,C,5,,CNY\nA,2024-01-01 10:00,5,借,B,0,,CNY\n"
    )
    second = made(
        "b.csv", HEAD + "B,2024-01-01 10:00,3,借,D,3,,CNY\nB,2024-01-01 10:00,5,贷,A,6,,CNY\n"
    )
    for order in ([first, second], [second, first]):
        reading = read_transfers(order, ZONED)
        assert reading.problems == ()
        assert rows(reading, "payer", "payee") == [("C", "A"), ("A", "B"), ("B", "D")]
        assert implied_openings(reading.transfers)[1].is_empty()


def test_a_clock_that_runs_late_does_not_put_a_credit_behind_its_use(made: Made) -> None:
    """The payer's bank stamps 10:00:05, the payee's 10:00:01 and the payee pays on at 10:00:03."""
    path = made(
        "a.csv",
        HEAD
        + "A,2024-01-01 10:00:05,5,借,B,0,,CNY\nB,2024-01-01 10:00:01,5,贷,A,5,,CNY\nB,2024-01-01 10:00:03,5,借,D,0,,CNY\n",
    )
    reading = read_transfers([path], ZONED)
    assert reading.problems == ()
    assert rows(reading, "payer", "payee") == [("A", "B"), ("B", "D")]
    assert implied_openings(reading.transfers)[1].is_empty()


def test_orders_that_no_time_reconciles_are_doubtful_and_no_break(made: Made) -> None:
    lines = [
        "A,2024-01-01 10:00:04,9,贷,X,9,,CNY",
        "A,2024-01-01 10:00:05,5,借,B,4,,CNY",
        "B,2024-01-01 10:00:01,5,贷,A,5,,CNY",
        "B,2024-01-01 10:00:03,5,借,D,0,,CNY",
    ]
    reading = read_transfers([made("a.csv", HEAD + "\n".join(lines) + "\n")], ZONED)
    assert reading.problems == ()
    assert reading.doubtful["reason"].to_list() == [
        "no time puts this transfer in the order of both statements; the payer's time was taken"
    ]


def test_rows_of_overlapping_files_count_once(made: Made) -> None:
    one, two, three = (
        f"A,2024-01-0{day} 10:00:00,5,借,B,{100 - 5 * day},,CNY\n" for day in (1, 2, 3)
    )
    reading = read_transfers(
        [made("jan.csv", HEAD + one + two), made("feb.csv", HEAD + two + three)], ZONED
    )
    assert reading.problems == ()
    assert (reading.transfers.height, reading.rows_repeated) == (3, 1)


def test_two_equal_rows_of_one_file_are_two_payments(read: Read) -> None:
    assert read(HEAD + "A,2024-01-01 10:00:00,5,借,B,,,CNY\n" * 2).transfers.height == 2


def test_one_number_twice_with_one_balance_is_one_payment_and_with_a_fee_two(read: Read) -> None:
    twice = read(HEAD + "A,2024-01-01 10:00:00,5,借,B,95,S000001,CNY\n" * 2)
    assert (twice.transfers.height, twice.rows_repeated) == (1, 1)
    fee = read(
        HEAD.replace("\n", ",摘要\n")
        + "A,2024-01-01 10:00:00,5,借,B,95,S000001,CNY,转账\nA,2024-01-01 10:00:00,1,借,,94,S000001,CNY,手续费\n"
    )
    assert rows(fee, "id", "kind") == [("A:S000001", "transfer"), ("A:S000001#2", "fee")]


def test_a_break_in_a_statement_names_the_row_with_both_figures(read: Read) -> None:
    reading = read(
        HEAD + "A,2024-01-01 10:00:00,5,借,B,95,,CNY\nA,2024-01-02 10:00:00,5,借,B,85,,CNY\n"
    )
    assert [(problem.code, problem.row, problem.found) for problem in reading.fatal] == [
        ("balance_mismatch", 3, "85.00, rows before lead to 90.00")
    ]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("ATM取款", "cash_out"),
        ("转账手续费", "fee"),
        ("POS消费", "purchase"),
        ("工资", "transfer"),
        ("网银转账", "transfer"),
    ],
)
def test_summaries_give_the_kind_away(read: Read, note: str, kind: str) -> None:
    reading = read(HEAD.replace("\n", ",摘要\n") + f"A,2024-01-01 10:00:00,5,借,,,,CNY,{note}\n")
    assert rows(reading, "kind", "payee") == [(kind, "")]


def test_a_reversal_finds_its_original_by_what_it_moves_back(read: Read) -> None:
    body = "A,2024-01-01 10:00:00,5,借,B,95,,CNY,转账\nA,2024-01-01 11:00:00,5,借,C,90,,CNY,转账\nA,2024-01-01 12:00:00,5,贷,B,95,,CNY,冲正\nA,2024-01-01 13:00:00,5,贷,,100,,CNY,冲正\n"  # noqa: E501 (a sample as it comes)
    reading = read(HEAD.replace("\n", ",摘要\n") + body)
    assert reading.problems == ()
    ids = reading.transfers["id"].to_list()
    assert rows(reading, "payer", "payee", "reverses")[2:] == [
        ("B", "A", ids[0]),
        ("C", "A", ids[1]),
    ]


def test_a_reversal_names_its_original_by_the_institutions_number(read: Read) -> None:
    head = HEAD.replace("\n", ",kind,原流水号\n")
    reading = read(
        head
        + "A,2024-01-01 10:00:00,5,借,B,,S000001,CNY,,\nA,2024-01-01 10:00:01,1,借,B,,S000001,CNY,,\nA,2024-01-01 11:00:00,1,贷,B,,S000002,CNY,reversal,S000001\n"  # noqa: E501 (a sample as it comes)
    )
    assert reading.problems == ()
    assert rows(reading, "reverses")[2] == ("A:S000001#2",)


def test_movements_between_sub_accounts_are_no_self_transfers_unless_both_sides_show(
    made: Made,
) -> None:
    single = read_transfers([made("a.csv", HEAD + "A,2024-01-01 10:00:00,5,借,A,95,,CNY\n")], ZONED)
    assert rows(single, "payer", "payee") == [("A", "")]
    both = read_transfers(
        [
            made(
                "b.csv",
                HEAD
                + "A,2024-01-01 10:00:00,5,借,A,95,,CNY\nA,2024-01-01 10:00:00,5,贷,A,100,,CNY\n",
            )
        ],
        ZONED,
    )
    assert both.problems == ()
    assert rows(both, "payer", "payee", "payer_balance", "payee_balance") == [
        ("A", "A", None, 10000)
    ]


def test_statements_beside_a_ledger_make_all_their_accounts_known(made: Made) -> None:
    ledger = made("l.csv", "id,time,payer,payee,amount,currency\n1,2024-01-01,P,Q,1,CNY\n")
    statement = made("s.csv", HEAD + "A,2024-01-01 10:00:00,5,借,B,,,CNY\n")
    assert read_transfers([ledger, statement], ZONED).known == {"A", "P", "Q"}


def test_a_transfer_in_a_ledger_and_in_a_statement_is_doubtful(made: Made) -> None:
    ledger = made(
        "l.csv",
        "id,time,payer,payee,amount,currency\n1,2024-01-01 10:00:30,A,B,5,CNY\n2,2024-01-01 11:00:30,A,B,5,CNY\n",
    )
    statement = made("s.csv", HEAD + "A,2024-01-01 10:00:00,5,借,B,,,CNY\n")
    doubtful = read_transfers([ledger, statement], ZONED).doubtful
    assert doubtful.select("payer_row", "payee_row").rows() == [(2, 2)]
    assert "counts twice" in doubtful["reason"][0]


def platform(made: Made) -> Path:
    detail = """交易卡号,交易账号,交易户名,交易证件号码,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,对手户名,对手开户银行,摘要说明,交易币种,交易是否成功,交易流水号
\t6222020000000000001,\t1001,,ID1,20160318123456,1000.00,1500.00,进,6222020000000000009,受害人,农行,转账,人民币,成功,A1
6222020000000000001,1001,,ID1,20160318123556,800.00,700.00,出,1002,李四,,转账,CNY,成功,A2
6222020000000000001,1001,,ID1,20160318123600,1.00,700.00,出,6222020000000000002,李四,,转账,CNY,失败,A3
6222020000000000002,1002,李四,,20160318123558,800.00,800.00,进,6222020000000000001,张三,,转账,CNY,成功,B1
6222020000000000002,1002,李四,,20160318124000,500.00,300.00,出,,,,ATM取款,CNY,成功,B2
"""  # noqa: E501 (a sample as it comes)
    path = made("case/交易明细信息.csv", detail, "gb18030")
    made(
        "case/账户信息.csv",
        "账户开户名称,开户人证件号码,交易卡号,交易账号,账号开户银行\n张三,ID1,6222020000000000001,1001,工行\n李四,ID2,6222020000000000002,1002,建行\n",
        "gb18030",
    )
    made("case/人员信息.csv", "客户名称,证照号码\n张三,ID1\n", "gb18030")
    made("case/任务信息.csv", "任务,状态\n1,完成\n", "gb18030")
    made("case/.DS_Store", b"\0\0")
    return path.parent


def test_the_platforms_folder_joins_names_banks_and_cards(made: Made) -> None:
    reading = read_transfers([platform(made)], ZONED)
    assert reading.problems == ()
    assert (reading.rows_failed, len(reading.skipped)) == (1, 1)
    assert reading.aliases == {"1001": "6222020000000000001", "1002": "6222020000000000002"}
    assert rows(
        reading, "payer", "payee", "amount", "kind", "payer_name", "payee_institution", "other_row"
    ) == [
        ("6222020000000000009", "6222020000000000001", 100000, "transfer", "受害人", "工行", None),
        ("6222020000000000001", "6222020000000000002", 80000, "transfer", "张三", "建行", 5),
        ("6222020000000000002", "", 50000, "cash_out", "李四", "", None),
    ]


def test_an_account_with_several_cards_stands_for_all_of_them(read: Read) -> None:
    reading = read(
        "交易账号,交易卡号,交易时间,金额,借贷标志,对方账号,币种\n1001,C1,2024-01-01,1,借,C2,CNY\n1001,C2,2024-01-02,1,借,B,CNY\n"
    )
    assert reading.known == {"1001"}
    assert reading.aliases == {"C1": "1001", "C2": "1001"}


def test_unknown_status_words_are_asked_about_and_a_map_answers(made: Made) -> None:
    path = made("a.csv", HEAD.replace("\n", ",交易状态\n") + "A,2024-01-01,1,借,B,,,CNY,嗯\n")
    assert [problem.code for problem in read_transfers([path], ZONED).problems] == [
        "status_unknown"
    ]
    column_map = ColumnMap(statuses={"嗯": "failed"})
    assert (
        read_transfers([path], ReadingOptions(mapping=column_map, timezone="UTC")).rows_failed == 1
    )


START = datetime(2024, 1, 1, tzinfo=UTC)
MOVES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 50), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


@pytest.mark.parametrize("examples", [20, pytest.param(150, marks=pytest.mark.slow)])
def test_statements_of_all_accounts_give_back_the_ledger(examples: int) -> None:
    newest = st.lists(st.booleans(), min_size=4, max_size=4)
    settings(max_examples=examples)(given(MOVES, newest)(check_ledger))()


def check_ledger(moves: list[tuple[int, int, int, int]], newest: list[bool]) -> None:
    """Whatever way each file stands: every transfer comes back once."""
    minute, book, balances = 0, {name: [] for name in range(4)}, dict.fromkeys(range(4), 10_000)
    expected = []
    for payer, payee, amount, step in moves:
        if payer == payee:
            continue
        minute += step * 20  # beyond the window, or within the same minute
        expected.append((f"A{payer}", f"A{payee}", amount * 100))
        for own, other, sign, word in ((payer, payee, -1, "借"), (payee, payer, 1, "贷")):
            balances[own] += sign * amount
            stamp = (START + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M")
            book[own].append(
                {
                    "账号": f"A{own}",
                    "时刻": stamp,
                    "金额": str(amount),
                    "借贷标志": word,
                    "对方账号": f"A{other}",
                    "余额": str(balances[own]),
                    "币种": "CNY",
                }
            )
    records = [
        row for name, lines in book.items() for row in (reversed(lines) if newest[name] else lines)
    ]
    if not records:
        return
    frame = pl.DataFrame(records).rename({"时刻": "交易时间"})
    reading, _ = from_frames(frame, options=ReadingOptions(timezone="UTC"))
    assert reading.problems == ()
    assert sorted(expected) == sorted(rows(reading, "payer", "payee", "amount"))
    assert reading.doubtful.filter(pl.col("reason").str.contains("no time puts")).is_empty()
