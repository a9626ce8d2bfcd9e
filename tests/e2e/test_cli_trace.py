"""`recoup trace` on good input: the files it writes, what stands in them, and what each option changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from recoup.cli import app

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
RULES = ("fifo", "lifo", "rolling", "lowest-balance", "pari-passu", "poison")
EXAMPLE = (
    str(EXAMPLES / "case" / "transfers.csv"),
    "--claims",
    str(EXAMPLES / "case" / "claims.csv"),
    "--known",
    str(EXAMPLES / "case" / "known.csv"),
)
COLUMNS = {
    "positions": ["rule", "claim", "account", "currency", "amount", "since"],
    "flows": ["rule", "claim", "transfer", "depth", "amount"],
    "exits": ["rule", "claim", "transfer", "account", "currency", "kind", "amount"],
    "unknown": ["rule", "claim", "account", "currency", "amount"],
}
"""What the issue promises the tables to begin with."""
FILES = {*(f"{name}.csv" for name in COLUMNS), "leads.csv", "accounts.csv"} | {
    "summary.json",
    "trail.html",
    "evidence.pdf",
    "trail.xlsx",
}
HEAD = "id,time,payer,payee,amount,currency,kind\n"


def run(*arguments: str | Path, code: int = 0):
    result = CliRunner().invoke(app, ["trace", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == code, result.output
    return result


def table(out: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(out / f"{name}.csv", infer_schema=False).fill_null("")


def summary(out: Path) -> dict:
    return json.loads((out / "summary.json").read_text("utf-8"))


def sums(frame: pl.DataFrame) -> dict[tuple[str, str, str], Decimal]:
    total: dict[tuple[str, str, str], Decimal] = {}
    for rule, claim, currency, amount in frame.select("rule", "claim", "currency", "amount").rows():
        if amount:
            key = (rule, claim, currency)
            total[key] = total.get(key, Decimal(0)) + Decimal(amount)
    return total


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> Path:
    """The example under every rule there is."""
    out = tmp_path_factory.mktemp("example") / "out"
    run(*EXAMPLE, "--rule", "all", "--rule", "pari-passu", "--rule", "poison", "--out", out)
    return out


class TestFiles:
    def test_every_file_is_there_and_no_other(self, example: Path) -> None:
        assert {path.name for path in example.iterdir()} == FILES
        assert (example / "evidence.pdf").read_bytes().startswith(b"%PDF-")
        assert (example / "trail.xlsx").read_bytes().startswith(b"PK")
        assert (example / "trail.html").read_text("utf-8").lower().startswith("<!doctype html>")

    @pytest.mark.parametrize("name", COLUMNS)
    def test_columns_begin_as_promised(self, example: Path, name: str) -> None:
        found = table(example, name)
        assert found.columns[: len(COLUMNS[name])] == COLUMNS[name]
        assert found.height

    @pytest.mark.parametrize("name", COLUMNS)
    def test_amounts_are_decimal_text_and_poison_has_none(self, example: Path, name: str) -> None:
        found = table(example, name)
        is_poison = pl.col("rule") == "poison"
        assert found.filter(~is_poison)["amount"].str.contains(r"^\d+\.\d{2}$").all()
        assert (found.filter(is_poison)["amount"] == "").all()

    @pytest.mark.parametrize("name", ["flows", "exits", "leads"])
    def test_every_movement_cites_its_row(self, example: Path, name: str) -> None:
        lines = (EXAMPLES / "case" / "transfers.csv").read_text("utf-8").splitlines()
        for transfer, cites in table(example, name).select("transfer", "cites").unique().rows():
            file, _, row = cites.rpartition(":")
            assert file == EXAMPLE[0]
            assert lines[int(row) - 1].startswith(f"{transfer},")

    def test_one_position_a_rule_claim_account_and_currency(self, example: Path) -> None:
        keys = table(example, "positions").select("rule", "claim", "account", "currency")
        assert not keys.is_duplicated().any()

    def test_every_loss_is_conserved_to_the_cent_in_the_files(self, example: Path) -> None:
        claims = [one for one in summary(example)["claims"] if one["rule"] != "poison"]
        assert {one["rule"] for one in claims} == set(RULES) - {"poison"}
        parts = {
            name: sums(table(example, file))
            for name, file in (
                ("located", "positions"),
                ("exited", "exits"),
                ("unknown", "unknown"),
            )
        }
        for one in claims:
            key = (one["rule"], one["claim"], one["currency"])
            found = {name: part.get(key, Decimal(0)) for name, part in parts.items()}
            assert {name: Decimal(one[name]) for name in found} == found
            assert Decimal(one["loss"]) == sum(found.values()) + Decimal(one["residual"])
            assert found["located"] <= Decimal(one["recoverable"]) or one["rule"] == "pari-passu"

    def test_the_summary_says_what_was_done(self, example: Path) -> None:
        found = summary(example)
        assert [rule["rule"] for rule in found["rules"]] == list(RULES)
        assert [rule["rule"] for rule in found["rules"] if not rule["is_evidence"]] == ["poison"]
        names = "loss located exited unknown recoverable accounts depth".split()
        assert all(name in one for one in found["claims"] for name in names)
        assert found["conserved"] is True
        assert found["rejects"] == 0
        assert len(found["inputs"]) == 3
        assert all(len(source["sha256"]) == 64 for source in found["inputs"])
        assert set(found["versions"]) >= {"recoup", "python", "numpy", "numba", "polars"}
        assert found["assumptions"]
        assert {"totals", "command", "options"} <= set(found)

    def test_the_range_of_the_example_is_what_its_rules_found(self, example: Path) -> None:
        found = summary(example)
        for entry in found["range"]:
            located = [
                Decimal(one["located"])
                for one in found["claims"]
                if one["claim"] == entry["claim"] and one["rule"] in RULES[:4]
            ]
            assert Decimal(entry["located"]["min"]) == min(located)
            assert Decimal(entry["located"]["max"]) == max(located)


def test_the_statements_give_what_the_ledger_gives(example: Path, tmp_path: Path) -> None:
    folder = EXAMPLES / "statements"
    books = sorted(folder.glob("*.xlsx"))
    out = tmp_path / "out"
    zone = ("--timezone", "Asia/Shanghai")
    run(*books, "--claims", folder / "claims.csv", *zone, "--rule", "fifo", "--out", out)
    for name, columns in (
        ("positions", COLUMNS["positions"]),
        ("unknown", COLUMNS["unknown"]),
        ("exits", ["claim", "account", "kind", "amount", "time"]),
        ("flows", ["claim", "depth", "payer", "payee", "amount", "time"]),
    ):
        ledger = table(example, name).filter(pl.col("rule") == "fifo").select(columns)
        assert sorted(table(out, name).select(columns).rows()) == sorted(ledger.rows())


def test_statements_are_also_taken_as_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "statements"
    folder.mkdir()
    for book in (EXAMPLES / "statements").glob("*.xlsx"):
        (folder / book.name).write_bytes(book.read_bytes())
    claims = EXAMPLES / "statements" / "claims.csv"
    out = tmp_path / "out"
    run(folder, "--claims", claims, "--timezone", "Asia/Shanghai", "--out", out)
    assert summary(out)["totals"][0]["located"] == "268223.49"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_runs_write_the_same_bytes(example: Path, tmp_path: Path) -> None:
    """In processes of their own, so that no seed of hashes is shared; the command is the same, since it is written down."""
    found = []
    for seed in ("1", "2"):
        place = tmp_path / seed
        place.mkdir()
        code = "import sys; sys.argv[0] = 'recoup'; from recoup.cli import main; main()"
        command = [
            "trace",
            *EXAMPLE,
            "--rule",
            "all",
            "--rule",
            "pari-passu,poison",
            "--out",
            "out",
        ]
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"}
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=place,
            env=env,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        found.append(contents(place / "out"))
    assert set(found[0]) == set(found[1]) == FILES
    assert [name for name in FILES if found[0][name] != found[1][name]] == []
    tables = [f"{name}.csv" for name in COLUMNS]
    assert {name: found[0][name] for name in tables} == {
        name: (example / name).read_bytes() for name in tables
    }


class Case:
    """A small ledger in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, "utf-8")
        return path

    def ledger(self, *rows: str, claims: str = "C1,V,T1\n") -> None:
        """Rows are `minute payer payee amount [kind [currency]]`, ids T1, T2, ... ; `-` is the outside."""
        lines = []
        for number, row in enumerate(rows, 1):
            minute, payer, payee, amount, *more = row.replace("-", "").split(" ")
            kind = more[0] if more else "transfer"
            currency = more[1] if len(more) > 1 else "CNY"
            time = f"2026-01-05T10:{int(minute):02}:00Z"
            lines.append(f"T{number},{time},{payer},{payee},{amount},{currency},{kind}\n")
        self.write("ledger.csv", HEAD + "".join(lines))
        self.write("claims.csv", "claim,victim,transfer\n" + claims)

    def trace(self, *options: str | Path, out: str = "out"):
        place = self.folder / "ledger.csv"
        return run(
            place, "--claims", self.folder / "claims.csv", "--out", self.folder / out, *options
        )

    def amounts(self, name: str = "positions", *columns: str) -> dict:
        """Amount by account (or other columns) for the one claim."""
        chosen = columns or ("account",)
        rows = table(self.out, name)
        assert rows["rule"].n_unique() <= 1
        return {
            key[0] if len(key) == 1 else tuple(key): amount
            for *key, amount in rows.select(*chosen, "amount").rows()
        }


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


class TestOptions:
    def test_fifo_is_the_rule_unless_another_is_named(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        case.trace()
        assert table(case.out, "positions")["rule"].to_list() == ["fifo"]

    def test_terminal_overrides_known(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "1 mule shop 60", "2 shop friend 60")
        case.write("known.csv", "account\nvictim\nmule\nshop\nfriend\n")
        case.write("terminal.csv", "account\nshop\n")
        known = ("--known", case.folder / "known.csv")
        case.trace(*known)
        assert case.amounts() == {"mule": "40.00", "friend": "60.00"}
        case.trace(*known, "--terminal", case.folder / "terminal.csv")
        assert case.amounts() == {"mule": "40.00"}
        assert case.amounts("exits", "account", "kind") == {("shop", "terminal"): "60.00"}

    def test_bridge_follows_unknown_accounts_and_marks_it(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "1 mule dark 70", "2 dark friend 50")
        case.write("known.csv", "account\nvictim\nmule\nfriend\n")
        known = ("--known", case.folder / "known.csv")
        case.trace(*known)
        assert case.amounts("unknown") == {"dark": "70.00"}
        assert table(case.out, "leads").select("account", "transfer", "amount").rows() == [
            ("dark", "T3", "50.00")
        ]
        case.trace(*known, "--bridge")
        assert case.amounts("unknown") == {"dark": "20.00"}
        assert table(case.out, "positions").select("account", "amount", "inferred").rows() == [
            ("friend", "50.00", "50.00"),
            ("mule", "30.00", "0.00"),
        ]
        assert summary(case.out)["claims"][0]["inferred"] == "50.00"

    def test_links_carry_on_and_mark_it(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "1 mule - 70 cash_out", "9 - friend 70 cash_in")
        case.trace()
        assert case.amounts() == {"mule": "30.00"}
        case.write(
            "links.csv",
            "from,to,amount,time,evidence,grade,author\nmule,friend,70.00,2026-01-05T10:05:00Z,video,B,officer\n",
        )
        case.trace("--links", case.folder / "links.csv")
        assert table(case.out, "positions").select("account", "amount", "asserted").rows() == [
            ("friend", "70.00", "70.00"),
            ("mule", "30.00", "0.00"),
        ]
        assert summary(case.out)["totals"][0]["exited"] == "0.00"

    def test_a_hold_keeps_the_victims_money_while_the_shop_spends_its_own(self, case: Case) -> None:
        """Semantics 3: victim 60, own 40, hold 60, the shop spends the free 40."""
        case.ledger("0 victim shop 60", "1 - shop 40 cash_in", "9 shop - 40 cash_out")
        case.write(
            "holds.csv", "account,currency,amount,time\nshop,CNY,60.00,2026-01-05T10:05:00Z\n"
        )
        case.trace("--rule", "all")
        naive = {row["rule"]: row["located"] for row in summary(case.out)["totals"]}
        assert naive["fifo"] == "20.00"
        case.trace("--rule", "all", "--holds", case.folder / "holds.csv")
        found = summary(case.out)["totals"]
        assert [(row["located"], row["held"]) for row in found] == [("60.00", "60.00")] * 4
        assert table(case.out, "holds")["amount"].to_list() == ["60.00"] * 4

    def test_a_hold_that_has_ended_holds_nothing(self, case: Case) -> None:
        case.ledger("0 victim shop 60", "1 - shop 40 cash_in", "9 shop - 40 cash_out")
        case.write(
            "holds.csv",
            "account,currency,amount,time,until\nshop,CNY,60.00,2026-01-05T10:05:00Z,2026-01-05T10:08:00Z\n",
        )
        case.trace("--holds", case.folder / "holds.csv")
        total = summary(case.out)["totals"][0]
        assert (total["located"], total["held"]) == ("20.00", "0.00")

    def test_as_of_is_inclusive_and_takes_the_zone(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out", "8 mule - 10 cash_out")
        case.trace("--as-of", "2026-01-05T10:04:00Z")
        assert case.amounts() == {"mule": "40.00"}
        case.trace("--as-of", "2026-01-05T18:03:59", "--timezone", "Asia/Shanghai")
        assert case.amounts() == {"mule": "100.00"}
        case.write("map.toml", 'timezone = "Asia/Shanghai"\n')
        case.trace("--as-of", "2026-01-05T18:03:59", "--map", case.folder / "map.toml")
        assert case.amounts() == {"mule": "100.00"}
        case.trace("--as-of", "2026-01-05T09:59:00Z")
        assert summary(case.out)["totals"][0]["loss"] == "0.00"

    def test_the_zone_and_the_map_are_written_down(self, case: Case) -> None:
        case.ledger("0 victim mule 100")
        case.trace()
        assert summary(case.out)["options"]["timezone"] == ""
        case.trace("--timezone", "Asia/Shanghai")
        assert summary(case.out)["options"]["timezone"] == "Asia/Shanghai"
        mapped = case.write("map.toml", 'timezone = "Asia/Tokyo"\n')
        case.trace("--map", mapped)
        found = summary(case.out)
        assert found["options"]["timezone"] == "Asia/Tokyo"
        digest = hashlib.sha256(mapped.read_bytes()).hexdigest()
        last = found["inputs"][-1]
        assert (last["file"], last["sha256"], last["rows"]) == (str(mapped), digest, 0)
        place = case.folder / "ledger.csv"
        run(place, "--back", "mule", "--timezone", "Asia/Shanghai", "--out", case.out)
        assert summary(case.out)["options"]["timezone"] == "Asia/Shanghai"

    def test_the_summary_of_a_way_back_says_what_it_rests_on(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        place = case.folder / "ledger.csv"
        run(place, "--back", "mule", "--as-of", "2026-01-05T10:30:00Z", "--out", case.out)
        assert summary(case.out)["assumptions"] == [
            "The result is cut: it stands as at 2026-01-05T10:30:00Z, inclusive.",
            (
                "The opening balance of 1 of the accounts that money came from is assumed:"
                " the smallest that keeps the account from going negative over all rows given."
            ),
        ]

    def test_since_leaves_out_earlier_claims(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 other mule 50", claims="C1,V,T1\nC2,W,T2\n")
        case.trace("--since", "2026-01-05T10:04:00Z")
        losses = {one["claim"]: one["loss"] for one in summary(case.out)["claims"]}
        assert losses.get("C1", "0.00") == "0.00"
        assert losses["C2"] == "50.00"

    @pytest.mark.parametrize(
        ("horizon", "left"),
        [("4m", "40.00"), ("PT3M", "100.00"), ("3m59s", "100.00"), ("1d", "40.00")],
    )
    def test_horizon_stops_following(self, case: Case, horizon: str, left: str) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        case.trace("--horizon", horizon)
        assert case.amounts() == {"mule": left}

    def test_dust_goes_to_the_residual(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "1 mule a 0.99", "2 mule b 1.00")
        case.trace("--dust", "1.00")
        assert case.amounts() == {"mule": "98.01", "b": "1.00"}
        assert summary(case.out)["totals"][0]["residual"] == "0.99"

    def test_opening_balances_are_used_and_named(self, case: Case) -> None:
        case.ledger("1 victim mule 100", "4 mule - 60 cash_out")
        case.write("opening.csv", "account,time,balance\nmule,2026-01-05T10:00:00Z,50.00\n")
        case.trace("--opening", case.folder / "opening.csv")
        assert case.amounts() == {"mule": "90.00"}
        basis = dict(table(case.out, "accounts").select("account", "opening_basis").rows())
        assert basis["mule"] == "given"

    def test_an_opening_that_stated_balances_contradict_is_refused(self, case: Case) -> None:
        stated = "id,time,payer,payee,amount,currency,balance_after\n"
        case.write("ledger.csv", stated + "T1,2026-01-05T10:01:00Z,mule,other,60,CNY,40\n")
        case.write("claims.csv", "claim,victim,transfer\nC1,V,T1\n")
        place = case.write("opening.csv", "account,time,balance\nmule,2026-01-05T10:00:00Z,50.00\n")
        where = (
            case.folder / "ledger.csv",
            "--claims",
            case.folder / "claims.csv",
            "--out",
            case.out,
        )
        said = run(*where, "--opening", place, code=2)
        assert (
            f"{place} row 2 column balance: balance_mismatch: found '50.00, the statements say 100.00'"
            in said.stderr
        )
        assert not case.out.exists()
        case.write("opening.csv", "account,time,balance\nmule,2026-01-05T10:00:00Z,100.00\n")
        run(*where, "--opening", place)

    def test_a_map_names_the_columns(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        text = (case.folder / "ledger.csv").read_text("utf-8")
        case.write("ledger.csv", text.replace(HEAD, "n,wann,von,an,wieviel,geld,art\n"))
        columns = dict(
            zip(
                "id time payer payee amount currency kind".split(),
                "n wann von an wieviel geld art".split(),
                strict=True,
            )
        )
        lines = "".join(f'{field} = "{header}"\n' for field, header in columns.items())
        case.write("map.toml", f'shape = "ledger"\n[columns]\n{lines}')
        case.trace("--map", case.folder / "map.toml")
        assert case.amounts() == {"mule": "40.00"}

    def test_digits_change_what_a_minor_unit_is(self, case: Case) -> None:
        case.ledger("0 victim mule 100.55 transfer JPY", "4 mule - 60.5 cash_out JPY")
        case.trace("--digits", "JPY=2")
        assert case.amounts() == {"mule": "40.05"}

    def test_claims_may_be_described_and_given_as_parquet(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        described = {
            "claim": ["C1"],
            "victim": ["V"],
            "payer": ["victim"],
            "payee": ["mule"],
            "amount": ["100.00"],
            "time": ["2026-01-05T10:00:00Z"],
        }
        pl.DataFrame(described).write_parquet(case.folder / "claims.parquet")
        run(
            case.folder / "ledger.csv",
            "--claims",
            case.folder / "claims.parquet",
            "--out",
            case.out,
        )
        assert case.amounts() == {"mule": "40.00"}

    def test_the_language_of_page_and_document(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        case.trace("--language", "en")
        assert '<html lang="en"' in (case.out / "trail.html").read_text("utf-8")
        case.trace()
        assert '<html lang="zh' in (case.out / "trail.html").read_text("utf-8")


class TestOutput:
    def test_json_is_the_summary_and_nothing_else(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        result = case.trace("--json")
        assert json.loads(result.stdout) == summary(case.out)
        assert result.stderr == ""

    def test_without_json_a_table_and_where_the_results_lie(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        lines = case.trace().stdout.splitlines()
        head, row = (line.split("\t") for line in lines[:2])
        assert dict(zip(head, row, strict=True)) == {
            "rule": "fifo",
            "currency": "CNY",
            "loss": "100.00",
            "located": "40.00",
            "held": "0.00",
            "exited": "60.00",
            "unknown": "0.00",
            "residual": "0.00",
            "recoverable": "40.00",
        }
        assert lines[-1] == f"results: {case.out}"

    def test_a_second_run_replaces_the_results_and_leaves_what_is_not_its_own(
        self, case: Case
    ) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        case.write(
            "holds.csv", "account,currency,amount,time\nmule,CNY,10.00,2026-01-05T10:01:00Z\n"
        )
        case.trace("--holds", case.folder / "holds.csv", "--rule", "all")
        (case.out / "notes.txt").write_text("mine")
        case.trace()
        assert {path.name for path in case.out.iterdir()} == {*FILES, "notes.txt"}
        assert table(case.out, "flows")["rule"].unique().to_list() == ["fifo"]
        assert not list(case.folder.glob(".*"))

    def test_a_deep_folder_is_made(self, case: Case) -> None:
        case.ledger("0 victim mule 100")
        case.trace(out="a/b/c")
        assert (case.folder / "a" / "b" / "c" / "summary.json").is_file()

    def test_ids_that_a_spreadsheet_would_run_stay_as_they_are(self, case: Case) -> None:
        evil = '=HYPERLINK("http://x";"y")'
        case.write(
            "ledger.csv",
            HEAD
            + f'T1,2026-01-05T10:00:00Z,victim,"{evil.replace(chr(34), chr(34) * 2)}",5,CNY,transfer\n',
        )
        case.write("claims.csv", "claim,victim,transfer\nC1,V,T1\n")
        case.trace()
        assert case.amounts() == {evil: "5.00"}

    def test_several_rules_at_once_come_in_the_order_asked_for(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        case.trace("--rule", "rolling,lifo", "--rule", "rolling")
        assert [row["rule"] for row in summary(case.out)["totals"]] == ["rolling", "lifo"]

    def test_poison_traced_back_has_no_amounts(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule - 60 cash_out")
        done = run(
            case.folder / "ledger.csv", "--back", "mule", "--rule", "poison", "--out", case.out
        )
        (source,) = summary(case.out)["sources"]
        assert source["amount"] is None
        assert done.stdout.splitlines()[1] == "poison\tCNY\topening\t"

    def test_poison_alone_says_how_far_it_reaches(self, case: Case) -> None:
        case.ledger("0 victim mule 100", "4 mule friend 60")
        case.trace("--rule", "poison")
        found = summary(case.out)
        assert found["rules"][0]["is_evidence"] is False
        assert found["reach"] == [{"rule": "poison", "transfers": 2, "accounts": 2}]
