"""A picture says what the trail says, and says what it leaves out."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from unit.evidence_page.trails import example_trail, random_trail, trail_of

from recoup.evidence.drawing import column_title
from recoup.evidence.moves import moves_of
from recoup.evidence.picture import picture_of, picture_svg


@pytest.fixture(scope="module")
def example():
    return example_trail()


def _small(**more):
    transfers = [
        {"id": "T1", "payer": "v", "payee": "a", "amount": 100, "payer_name": "郑丙"},
        {"id": "T2", "payer": "a", "payee": "b", "amount": 60},
        {"id": "T3", "payer": "b", "payee": "a", "amount": 10},
        {"id": "T4", "payer": "b", "payee": "", "amount": 50, "kind": "cash_out"},
    ]
    flows = [
        {"claim": "C1", "transfer": t["id"], "depth": d, "amount": t["amount"]}
        for d, t in enumerate(transfers, 1)
    ]
    given = {
        "exits": [
            {"claim": "C1", "transfer": "T4", "account": "b", "kind": "cash_out", "amount": 50}
        ],
        "positions": [{"claim": "C1", "account": "a", "amount": 50, "held": 20}],
    }
    return trail_of(
        transfers, [{"claim": "C1", "victim": "郑丙", "transfer": "T1"}], flows, **(given | more)
    )


def test_the_layers_are_victims_then_hops_then_exits():
    picture = picture_of(_small(), "fifo")
    assert [(n.key, n.sort, n.column) for n in sorted(picture.nodes, key=lambda n: n.column)] == [
        ("a:v", "victim", 0),
        ("a:a", "account", 1),
        ("a:b", "account", 2),
        ("x:cash_out", "exit", 3),
    ]


def test_transfers_between_two_accounts_become_one_edge_each_way():
    picture = picture_of(_small(), "fifo")
    keys = [node.key for node in picture.nodes]
    edges = {(keys[e.source], keys[e.target]): e.amount for e in picture.edges}
    assert edges == {
        ("a:v", "a:a"): 100,
        ("a:a", "a:b"): 60,
        ("a:b", "a:a"): 10,
        ("a:b", "x:cash_out"): 50,
    }


def test_what_is_still_there_is_on_the_account():
    account = next(n for n in picture_of(_small(), "fifo").nodes if n.key == "a:a")
    assert (account.arrived, account.left, account.located, account.held) == (110, 60, 50, 20)


def test_money_that_came_back_to_a_victim_leaves_at_an_exit_although_no_flow_carried_it():
    exits = [{"claim": "C1", "transfer": "T3", "account": "b", "kind": "to_victim", "amount": 10}]
    trail = _small(exits=exits)
    moves = moves_of(trail, "fifo", "CNY").filter(transfer="T3")
    assert moves.select("source", "target", "amount").rows() == [("a:b", "x:to_victim", 10)]


def test_a_reversal_in_part_exits_in_part_and_moves_on_in_part():
    exits = [{"claim": "C1", "transfer": "T3", "account": "b", "kind": "reversed", "amount": 4}]
    moves = moves_of(_small(exits=exits), "fifo", "CNY").filter(transfer="T3").sort("target")
    assert moves.select("target", "amount").rows() == [("a:a", 6), ("x:reversed", 4)]


def test_a_terminal_account_is_drawn_by_its_name_among_the_exits():
    exits = [{"claim": "C1", "transfer": "T2", "account": "b", "kind": "exchange", "amount": 60}]
    accounts = [
        {"account": "b", "name": "海市数字资产", "standing": "terminal", "depth": 2},
        {"account": "a", "standing": "known", "depth": 1},
        {"account": "v", "standing": "known", "depth": 0},
    ]
    node = next(
        n
        for n in picture_of(_small(exits=exits, accounts=accounts), "fifo").nodes
        if n.key == "a:b"
    )
    assert (node.sort, node.name, node.column) == ("terminal", "海市数字资产", 3)


def test_a_disputed_deposit_comes_from_its_victim():
    transfers = [{"id": "T1", "payer": "", "payee": "a", "amount": 5, "kind": "cash_in"}]
    flows = [{"claim": "C1", "transfer": "T1", "amount": 5}]
    picture = picture_of(
        trail_of(transfers, [{"claim": "C1", "victim": "陈己", "transfer": "T1"}], flows), "fifo"
    )
    assert [node.name for node in picture.nodes if node.sort == "victim"] == ["陈己"]


def test_a_disputed_deposit_comes_from_its_victim_also_where_a_rule_names_no_claim():
    transfers = [{"id": "T1", "payer": "", "payee": "a", "amount": 5, "kind": "cash_in"}]
    flows = [{"claim": "", "transfer": "T1", "amount": None, "rule": "poison"}]
    trail = trail_of(
        transfers,
        [{"claim": "C1", "victim": "陈己", "transfer": "T1"}],
        flows,
        rules=("poison",),
    )
    nodes = picture_of(trail, "poison").nodes
    assert [node.name for node in nodes if node.sort == "victim"] == ["陈己"]


def test_money_that_came_by_a_conversion_does_not_stand_under_the_victims():
    transfers = [
        {"id": "T1", "payer": "v", "payee": "a", "amount": 5},
        {"id": "X2", "payer": "", "payee": "a", "amount": 90, "currency": "JPY"}
        | {"kind": "conversion"},
    ]
    flows = [
        {"claim": "C1", "transfer": "T1", "amount": 5},
        {"claim": "C1", "transfer": "X2", "depth": 3, "amount": 90},
    ]
    trail = trail_of(transfers, [{"claim": "C1", "victim": "周甲", "transfer": "T1"}], flows)
    titles = [
        column_title(picture_of(trail, "fifo", currency=currency), 0, "en")
        for currency in ("CNY", "JPY")
    ]
    assert titles == ["Victims", "Sources"]


def test_every_flow_of_the_example_is_in_the_picture(example):
    picture = picture_of(example, "fifo")
    exits = sum(node.arrived for node in picture.nodes if node.sort == "exit")
    stays = sum(node.located + node.unknown for node in picture.nodes)
    assert picture.totals["loss"] == exits + stays
    assert picture.shown.is_all


def test_for_every_account_of_the_example_what_came_is_what_went_and_stayed(example):
    for node in picture_of(example, "lifo").nodes:
        if node.sort in {"account", "unknown"}:
            assert node.arrived == node.left + node.located + node.unknown, node.key


def test_the_picture_is_the_same_each_time(example):
    assert picture_svg(picture_of(example, "fifo")) == picture_svg(picture_of(example, "fifo"))


def test_small_accounts_are_drawn_together_and_the_money_stays_whole():
    trail = random_trail(7, accounts=300, transfers=900, claims=12)
    whole, part = (
        picture_of(trail, "fifo", accounts_max=10_000),
        picture_of(trail, "fifo", accounts_max=40),
    )
    assert (40, whole.shown.accounts_total) == (part.shown.accounts, part.shown.accounts_total)
    assert part.shown.money_permille < 1000
    for name in ("located", "held", "unknown"):
        assert sum(getattr(n, name) for n in whole.nodes) == sum(
            getattr(n, name) for n in part.nodes
        )
    pooled = sum(node.count for node in part.nodes if node.sort == "others")
    assert part.shown.accounts_total - 40 == pooled


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_svg_is_well_formed_and_says_how_much_it_shows(example, language):
    text = picture_svg(picture_of(example, "fifo", accounts_max=20), language)
    ET.fromstring(text)  # noqa: S314 - our own text
    assert "56" in text
    assert "%" in text


def test_names_cannot_become_markup():
    trail = _small()
    names = trail.accounts.with_columns(name=__import__("polars").lit("<script>alert(1)</script>"))
    object.__setattr__(trail, "accounts", names)
    text = picture_svg(picture_of(trail, "fifo"))
    assert "<script" not in text
    assert "&lt;script" in text


def test_a_rule_that_was_not_traced_is_refused(example):
    with pytest.raises(ValueError, match="rolling"):
        picture_of(example, "rolling")


def test_poison_has_reach_and_no_amounts():
    trail = _small(rules=("poison",), exits=(), positions=())
    flows = trail.flows.with_columns(rule=_text("poison"), claim=_text(""), amount=None)
    object.__setattr__(trail, "flows", flows.cast(trail.flows.schema))
    object.__setattr__(trail, "summary", trail.summary.clear())
    picture = picture_of(trail, "poison")
    assert picture.is_screening
    assert {None} == {edge.amount for edge in picture.edges}
    assert "筛查" in picture_svg(picture)


def _text(value):
    import polars as pl

    return pl.lit(value)
