"""The public Python interface: `import recoup`, `recoup.trace` of any frame, and what a trail can do."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from xml.etree import ElementTree as ET

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import recoup
from recoup.evidence.assumed import in_language
from recoup.evidence.report.content import command_of
from recoup.evidence.summary import summary_document

T0 = datetime(2026, 1, 5, 10, tzinfo=UTC)
LEDGER = pl.DataFrame(
    {
        "id": ["t1", "t2", "t3", "t4"],
        "time": [T0 + timedelta(minutes=i) for i in range(4)],
        "payer": ["victim", "mule", "mule", "friend"],
        "payee": ["mule", "friend", "", ""],
        "amount": [10000, 3000, 6000, 1000],
        "currency": ["CNY"] * 4,
        "kind": ["transfer", "transfer", "cash_out", "purchase"],
    }
)
CLAIMS = pl.DataFrame({"claim": ["c1"], "victim": ["V"], "transfer": ["t1"]})
FRAMES = ("positions", "flows", "exits", "unknown", "summary", "accounts", "leads", "holds")
LOCATED = {
    "fifo": 6000,
    "lifo": 3000,
    "rolling": 5334,
    "lowest-balance": 6000,
    "pari-passu": 5333,
}
"""By hand: the mule has 50.00 of its own, gets the 100.00, sends 30.00 to the friend, draws 60.00; the friend spends 10.00."""
LOCAL = ["fifo", "lifo", "rolling", "lowest-balance"]


def assert_same(one: recoup.Trail, other: recoup.Trail) -> None:
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.assumptions == other.assumptions


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestImport:
    def test_help_and_completion_see_the_arguments(self) -> None:
        from recoup.tracing import trace

        assert inspect.signature(recoup.trace) == inspect.signature(trace)

    def test_it_is_light(self) -> None:
        heavy = "{'polars', 'numba', 'numpy', 'pandas', 'pyarrow', 'typst', 'rich', 'typer'}"
        assert fresh(f"import recoup, sys; print(sorted({heavy} & set(sys.modules)))") == "[]"

    @pytest.mark.parametrize(
        "first",
        [
            "",
            "import recoup.trace",
            "import recoup.trace.trail",
            "import recoup.tracing",
            "import recoup.cli",
            "recoup.Trail",
        ],
    )
    def test_trace_can_be_called_whatever_was_imported_before(self, first: str) -> None:
        code = f"import recoup\n{first}\nfrom recoup import trace\nassert trace is recoup.trace\nprint(callable(recoup.trace))"
        assert fresh(code) == "True"

    def test_every_public_name_is_there_and_no_other_is(self) -> None:
        assert all(getattr(recoup, name) is not None for name in recoup.__all__)
        with pytest.raises(AttributeError, match="nonsense"):
            _ = recoup.nonsense


class TestFrames:
    def test_whole_numbers_are_minor_units(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS)
        assert trail.summary.select("loss", "located", "exited").row(0) == (10000, 3000, 7000)
        assert dict(trail.positions.select("account", "amount").rows()) == {
            "friend": 2000,
            "mule": 1000,
        }

    @pytest.mark.parametrize("kind", ["lazy", "pandas", "arrow", "pandas arrow types"])
    @pytest.mark.parametrize("amounts", ["minor", "text", "decimal", "float"])
    def test_every_kind_of_frame_gives_the_same(self, kind: str, amounts: str) -> None:
        major = [Decimal(value).scaleb(-2) for value in LEDGER["amount"]]
        values = {
            "minor": LEDGER["amount"],
            "text": pl.Series([str(value) for value in major]),
            "decimal": pl.Series(major, dtype=pl.Decimal(20, 2)),
            "float": pl.Series([float(value) for value in major]),
        }
        ledger = LEDGER.with_columns(values[amounts].alias("amount"))
        made = {
            "lazy": lambda frame: frame.lazy(),
            "pandas": lambda frame: frame.to_pandas(),
            "arrow": lambda frame: frame.to_arrow(),
            "pandas arrow types": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
        }[kind]
        assert_same(recoup.trace(made(ledger), made(CLAIMS)), recoup.trace(LEDGER, CLAIMS))

    def test_frames_go_out_to_pandas(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS)
        out = trail.flows.to_pandas()
        assert isinstance(out, pd.DataFrame)
        assert out["amount"].tolist() == trail.flows["amount"].to_list()

    @pytest.mark.parametrize("wrong", [None, 3, [("t1",)], {"id": ["t1"]}])
    def test_what_is_no_frame_is_a_type_error(self, wrong: object) -> None:
        with pytest.raises(TypeError, match="polars, pandas or pyarrow"):
            recoup.trace(wrong, CLAIMS)

    @pytest.mark.parametrize("rule", ["fifo", "all", "pari-passu", "poison", ["lifo", "rolling"]])
    def test_rules_by_name_or_several(self, rule: object) -> None:
        """The mule's own 50.00 came first: who left first decides how much of the victim's is still there."""
        own = LEDGER.head(1).with_columns(
            id=pl.lit("t0"), time=T0 - timedelta(minutes=1), payer=pl.lit(""), amount=pl.lit(5000)
        )
        trail = recoup.trace(
            pl.concat([own.select(LEDGER.columns).cast(LEDGER.schema), LEDGER]), CLAIMS, rule
        )
        wanted = {"all": LOCAL}.get(str(rule), [rule] if isinstance(rule, str) else list(rule))
        assert dict(trail.summary.select("rule", "located").rows()) == {
            name: LOCATED[name] for name in wanted if name != "poison"
        }
        assert set(trail.flows["rule"]) == set(wanted)

    def test_an_empty_frame_of_claims_gives_an_empty_trail(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS.clear())
        asked = recoup.trace(LEDGER, CLAIMS)
        for name in FRAMES:
            assert getattr(trail, name).schema == getattr(asked, name).schema
        assert trail.summary.is_empty()
        assert trail.flows.is_empty()


class TestFaults:
    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("amount", 0, "amount_not_positive"),
            ("currency", "ZZZ", "currency_unknown"),
            ("id", "t1", "id_duplicate"),
            ("kind", "gift", "kind_unknown"),
        ],
    )
    def test_a_bad_row_is_named(self, column: str, value: object, code: str) -> None:
        last = pl.int_range(pl.len()) == pl.len() - 1
        bad = LEDGER.with_columns(pl.when(last).then(pl.lit(value)).otherwise(column).alias(column))
        with pytest.raises(recoup.InputFault) as caught:
            recoup.trace(bad, CLAIMS)
        (problem,) = caught.value.problems
        assert (problem.file, problem.row, problem.column, problem.code) == (
            "transfers",
            4,
            column,
            code,
        )
        assert isinstance(caught.value, recoup.Fault)

    def test_naive_times_need_a_zone(self) -> None:
        naive = LEDGER.with_columns(pl.col("time").dt.replace_time_zone(None))
        with pytest.raises(recoup.InputFault, match="time_without_zone"):
            recoup.trace(naive, CLAIMS)
        shifted = recoup.trace(naive, CLAIMS, timezone="Asia/Shanghai")
        assert shifted.claims["time"][0] == T0 - timedelta(hours=8)

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"rule": "nonsense"}, "unknown_rule"),
            ({"timezone": "Mars/Phobos"}, "timezone_unknown"),
            ({"rule": "pari-passu", "dust": {"CNY": 5}}, "pari_passu_is_not_causal"),
            ({"rule": []}, "unknown_rule"),
            ({"as_of": T0.replace(tzinfo=None)}, "time_without_zone"),
            ({"since": T0.replace(tzinfo=None)}, "time_without_zone"),
            (
                {
                    "openings": pl.DataFrame(
                        {
                            "account": ["mule"],
                            "currency": ["CNY"],
                            "balance": [5],
                            "time": [T0.replace(tzinfo=None)],
                        }
                    )
                },
                "time_without_zone",
            ),
            ({"dust": {"CNY": -5}}, "dust_unreadable"),
            ({"horizon": timedelta(0)}, "duration_unreadable"),
            ({"horizon": timedelta(days=-1)}, "duration_unreadable"),
            ({"horizon": timedelta.max}, "duration_unreadable"),
        ],
    )
    def test_wrong_options_are_named(self, options: dict[str, object], code: str) -> None:
        with pytest.raises(recoup.InputFault, match=code):
            recoup.trace(LEDGER, CLAIMS, **options)

    @pytest.mark.parametrize("name", ["known", "terminal"])
    def test_one_text_is_not_taken_for_many_accounts(self, name: str) -> None:
        with pytest.raises(TypeError, match=name):
            recoup.trace(LEDGER, CLAIMS, **{name: "mule"})

    @pytest.mark.parametrize("transfer", ["t9", ""])
    def test_a_claim_on_nothing_is_named(self, transfer: str) -> None:
        with pytest.raises(recoup.InputFault) as caught:
            recoup.trace(LEDGER, CLAIMS.with_columns(transfer=pl.lit(transfer)))
        assert caught.value.problems[0].file == "claims"


class TestTrail:
    def test_at_takes_no_time_without_a_zone(self) -> None:
        with pytest.raises(recoup.InputFault, match="time_without_zone"):
            recoup.trace(LEDGER, CLAIMS).at(T0.replace(tzinfo=None))

    def test_at_steps_back_and_forth_in_time(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS, "all")
        early = trail.at(T0 + timedelta(minutes=1))
        assert_same(early, recoup.trace(LEDGER, CLAIMS, "all", as_of=T0 + timedelta(minutes=1)))
        assert early.summary["located"].to_list() == [10000] * 4
        assert_same(early.at(T0 + timedelta(minutes=3)), trail.at(T0 + timedelta(minutes=3)))

    def test_cuts_are_told_exactly_and_in_utc(self) -> None:
        at = (T0 + timedelta(microseconds=500_000)).astimezone(timezone(timedelta(hours=8)))
        cuts = {"as_of": at, "horizon": timedelta(hours=3, minutes=17), "dust": {"CNY": 7}}
        trail = recoup.trace(LEDGER, CLAIMS, **cuts)
        stated = f"{T0:%Y-%m-%dT%H:%M:%S}.500000Z"
        assert stated == summary_document(trail)["options"]["as_of"]
        assert f"--as-of {stated} --horizon 3h17m --dust DUST" in command_of(trail)
        said = [sentence for sentence in trail.assumptions if "opening" not in sentence]
        assert said == [
            f"The result is cut: it stands as at {stated}, inclusive.",
            "Each claim was followed for 3h17m after its disputed transfer; its money counts where it lay then.",
            "Parts of one transfer below 0.07 CNY were dropped into the residual.",
        ]
        assert all(in_language(sentence, "zh") != sentence for sentence in said)

    def test_a_hold_on_an_account_that_no_row_names_is_said(self) -> None:
        holds = pl.DataFrame(
            {
                "account": ["nobody", "mule"],
                "currency": ["CNY", "USD"],
                "amount": [1, 1],
                "time": [T0, T0],
                "until": [None, None],
            },
            schema_overrides={"until": pl.Datetime("us", "UTC")},
        )
        said = recoup.trace(LEDGER, CLAIMS, holds=holds).assumptions
        told = [sentence for sentence in said if "keeps nothing" in sentence]
        assert [sentence.split()[4] for sentence in told] == ["nobody", "mule"]
        assert all(in_language(sentence, "zh") != sentence for sentence in told)

    def test_the_picture_is_svg(self) -> None:
        picture = recoup.trace(LEDGER, CLAIMS)._repr_svg_()
        root = ET.fromstring(picture)  # noqa: S314 (our own picture)
        assert root.tag.endswith("svg")
        words = "".join(root.itertext())
        assert [name for name in ("V", "mule", "friend") if name not in words] == []
        assert "100.00" in words

    def test_extend_refuses_an_id_with_other_content(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS)
        other = recoup.transfers_frame(LEDGER.head(1).with_columns(amount=pl.lit(5)))
        with pytest.raises(recoup.InputFault, match="t1"):
            trail.extend(other)

    def test_extend_by_rows_that_are_there_changes_nothing(self) -> None:
        trail = recoup.trace(LEDGER, CLAIMS)
        again = trail.extend(recoup.transfers_frame(LEDGER))
        assert_same(again, trail)
        assert again.retraced == ()


def island(name: str, seed: int, start: int) -> pl.DataFrame:
    """A ledger whose accounts no other island touches, with exits, ties and cycles."""
    chance = random.Random(seed)
    accounts = [f"{name}{i}" for i in range(5)]
    rows = [(f"{name}-t0", T0, f"{name}victim", accounts[0], 5000, "transfer")]
    for i in range(1, 40):
        payer, payee = chance.sample(accounts, 2)
        time = T0 + timedelta(minutes=start + chance.randrange(60))
        amount = chance.randrange(1, 2000)
        way = ("", amount, "cash_out") if chance.random() < 0.1 else (payee, amount, "transfer")
        rows.append((f"{name}-t{i}", time, payer, *way))
    columns = ["id", "time", "payer", "payee", "amount", "kind"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    # The sequence is given: rows without one are ordered as they lie in their frame, which differs between two frames.
    return frame.with_columns(currency=pl.lit("CNY"), sequence=pl.int_range(pl.len()))


class TestExtend:
    """More transfers give what everything at once gives, and only what they touch is traced again."""

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("when", ["late", "back-dated", "any"])
    def test_it_equals_tracing_at_once(self, seed: int, when: str) -> None:
        whole = pl.concat([island("a", seed, 1), island("b", seed + 100, 1)]).sort("time", "id")
        claims = pl.DataFrame(
            {"claim": ["ca", "cb"], "victim": ["A", "B"], "transfer": ["a-t0", "b-t0"]}
        )
        disputed = pl.col("id").is_in(["a-t0", "b-t0"])
        free = whole.filter(~disputed)
        chosen = {
            "late": free.tail(12),
            "back-dated": free.head(12),
            "any": free.sample(12, seed=seed),
        }[when]
        base = whole.filter(~pl.col("id").is_in(chosen["id"].implode()))
        short = recoup.trace(base, claims, "all")
        trail = short.extend(recoup.transfers_frame(chosen))
        assert_same(trail, recoup.trace(whole, claims, "all"))
        assert trail.dossier.transfers.height == short.dossier.transfers.height + 12
        assert trail.flows.height > 2 * len(LOCAL)  # more than the disputed transfers themselves

    @pytest.mark.parametrize("rule", [*LOCAL, "pari-passu"])
    def test_one_row_at_a_time(self, rule: str) -> None:
        whole = island("a", 7, 1)
        claims = pl.DataFrame({"claim": ["ca"], "victim": ["A"], "transfer": ["a-t0"]})
        trail = recoup.trace(whole.head(30), claims, rule)
        for at in range(30, 40):
            trail = trail.extend(recoup.transfers_frame(whole.slice(at, 1)))
        assert_same(trail, recoup.trace(whole, claims, rule))

    def test_only_touched_claims_are_traced_again(self) -> None:
        a, b = island("a", 1, 1), island("b", 2, 1)
        claims = pl.DataFrame(
            {"claim": ["ca", "cb"], "victim": ["A", "B"], "transfer": ["a-t0", "b-t0"]}
        )
        base = recoup.trace(pl.concat([a, b.head(30)]), claims)
        trail = base.extend(recoup.transfers_frame(b.tail(10)))
        assert trail.retraced == ("cb",)
        assert base.retraced is None
        assert_same(trail, recoup.trace(pl.concat([a, b]), claims))

    def test_ties_without_a_sequence_stand_where_their_own_frame_has_them(self) -> None:
        """What `transfers_frame` says: places are counted in each frame, so ties of two frames mix by them."""
        tied = LEDGER.with_columns(time=pl.lit(T0))
        first, second = tied.head(2), tied.tail(2)
        extended = recoup.trace(first, CLAIMS).extend(recoup.transfers_frame(second))
        counted = tied.with_columns(sequence=pl.Series([1, 2, 1, 2]))
        assert_same(extended, recoup.trace(counted, CLAIMS))
        order = extended.dossier.transfers["id"].to_list()
        assert order == ["t1", "t3", "t2", "t4"] != tied["id"].to_list()
        said = tied.with_columns(sequence=pl.int_range(1, 5))
        whole = recoup.trace(said.head(2), CLAIMS).extend(recoup.transfers_frame(said.tail(2)))
        assert_same(whole, recoup.trace(tied, CLAIMS))

    def test_rows_of_strangers_touch_no_claim(self) -> None:
        claims = pl.DataFrame({"claim": ["ca"], "victim": ["A"], "transfer": ["a-t0"]})
        trail = recoup.trace(island("a", 1, 1), claims)
        assert trail.extend(recoup.transfers_frame(island("z", 3, 1))).retraced == ()
