"""The result files: columns, decimals, quoting, what appears together. Not the figures in them."""

import csv
import json
import random
from dataclasses import replace

import polars as pl
import pytest
from unit.evidence_report.trails import SHOP, empty_trail, trail

from recoup.evidence import files, staging
from recoup.evidence.decimals import with_decimals
from recoup.evidence.files import write_tables
from recoup.evidence.summary import summary_document
from recoup.money import Digits, format_minor


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def header(path):
    return path.read_text("utf-8").splitlines()[0]


def test_the_files_begin_with_the_columns_that_were_promised(tmp_path):
    write_tables(trail(), tmp_path / "out")
    promised = {
        "positions": "rule,claim,account,currency,amount,since",
        "flows": "rule,claim,transfer,depth,amount",
        "exits": "rule,claim,transfer,account,currency,kind,amount",
        "unknown": "rule,claim,account,currency,amount",
        "leads": "account,transfer,payee,currency,amount,time,cites",
    }
    for name, columns in promised.items():
        assert header(tmp_path / "out" / f"{name}.csv").startswith(columns), name


def test_amounts_have_the_digits_of_their_currency_and_poison_has_none(tmp_path):
    write_tables(trail(), tmp_path / "out")
    flows = read(tmp_path / "out" / "flows.csv")
    assert [row["amount"] for row in flows[:4]] == ["100.05", "30.00", "7000", "1.500000"]
    assert (flows[1]["inferred"], flows[2]["inferred"]) == ("10.00", "0")
    assert "" == flows[-1]["amount"] == flows[-1]["inferred"]
    assert read(tmp_path / "out" / "positions.csv")[0]["held"] == "20.00"


def test_a_flow_cites_both_statements_and_keeps_ids_that_need_quotes(tmp_path):
    write_tables(trail(), tmp_path / "out")
    flows = read(tmp_path / "out" / "flows.csv")
    assert f"case/transfers.csv:2; statements/子虚银行.xlsx[{SHOP}]:9" == flows[0]["cites"]
    assert (
        flows[1]["transfer"],
        flows[1]["payee"],
        flows[1]["cites"],
    ) == ('T,"2"', "=cmd()", "case/transfers.csv:3")


def test_times_are_utc_with_z_and_a_fraction_only_where_there_is_one(tmp_path):
    write_tables(trail(), tmp_path / "out")
    assert read(tmp_path / "out" / "flows.csv")[0]["time"] == "2025-11-12T06:00:00Z"
    assert read(tmp_path / "out" / "leads.csv")[0]["time"] == "2025-11-12T06:00:09.250Z"


def test_a_flow_of_a_transfer_that_is_not_in_the_dossier_is_a_broken_trail(tmp_path):
    whole = trail()
    strange = whole.flows.with_columns(transfer=pl.lit("gone"))
    with pytest.raises(AssertionError, match="transfer of the dossier"):
        write_tables(replace(whole, flows=strange), tmp_path / "out")


def test_holds_are_written_when_there_were_holds(tmp_path):
    write_tables(trail(), tmp_path / "out")
    assert not (tmp_path / "out" / "holds.csv").exists()
    write_tables(trail(holds=True), tmp_path / "out")
    assert read(tmp_path / "out" / "holds.csv")[0]["amount"] == "20.00"


def test_nothing_traced_is_written_as_empty_tables(tmp_path):
    document = write_tables(empty_trail(), tmp_path / "out")
    assert document["conserved"] is True
    assert len((tmp_path / "out" / "flows.csv").read_text().splitlines()) == 1


def test_the_summary_has_sums_range_inputs_and_versions():
    document = summary_document(trail(), command="recoup trace x")
    first = document["claims"][0]
    assert tuple(
        first[name] for name in ("rule", "claim", "victim", "loss", "located", "held", "unknown")
    ) == ("fifo", "C1", "周甲", "100.05", "70.05", "20.00", "30.00")
    assert document["range"][0]["located"] == {"min": "60.05", "max": "70.05"}
    assert [document["totals"][0][name] for name in ("rule", "currency", "claims", "loss")] == [
        "fifo",
        "CNY",
        1,
        "100.05",
    ]
    assert document["conserved"] is True
    assert (
        document["inputs"][1]["supplied_by"],
        document["inputs"][1]["sha256"],
    ) == ("子虚银行", "cd" * 32)
    assert {"recoup", "python", "numpy", "numba", "polars"} == set(document["versions"])
    assert document["reach"] == [{"rule": "poison", "transfers": 1, "accounts": 1}]
    assert document["options"]["dust"] == {"CNY": "1.00"}
    json.dumps(document)


@pytest.mark.parametrize("frame", ["positions", "exits", "unknown"])
def test_a_summary_that_its_rows_do_not_add_up_to_is_not_called_conserved(frame):
    whole = trail()
    short = getattr(whole, frame).filter(pl.col("claim") != "")[1:]
    assert summary_document(replace(whole, **{frame: short}))["conserved"] is False


def test_the_same_trail_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_tables(trail(), tmp_path / name)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_running_again_replaces_its_own_files_and_leaves_those_of_others(tmp_path):
    out = tmp_path / "out"
    write_tables(trail(holds=True), out)
    (out / "notes.txt").write_text("mine")
    (out / "trail.html").write_text("of the run before")
    write_tables(trail(), out)
    assert (out / "notes.txt").read_text() == "mine"
    assert not (out / "holds.csv").exists()
    assert not (out / "trail.html").exists()
    assert [out] == list(tmp_path.iterdir()), "no folder is left behind"


def test_a_folder_that_holds_no_results_loses_nothing(tmp_path):
    (tmp_path / "sources.csv").write_text("somebody's")
    write_tables(trail(), tmp_path)
    assert (tmp_path / "sources.csv").exists()


def test_a_failure_while_writing_leaves_the_results_before_it(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_tables(trail(), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(files, "_write_flows", fail)
    with pytest.raises(OSError, match="no space"):
        write_tables(trail(holds=True), out)
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    assert [out] == list(tmp_path.iterdir())


def test_a_crash_while_moving_leaves_no_summary_that_would_vouch_for_the_rest(
    tmp_path, monkeypatch
):
    out = tmp_path / "out"
    write_tables(trail(), out)
    assert (out / staging.SEAL).exists()

    def crash(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(out), "replace", crash)  # how every result is moved
    with pytest.raises(OSError, match="the disk is gone"):
        write_tables(trail(), out)
    assert not (out / staging.SEAL).exists()


def test_decimals_of_a_column_are_those_of_one_amount():
    digits = Digits({"HUF": 0, "DIN": 4})
    ends = (0, 1, -1, 99, -100, 2**63 - 1, -(2**63) + 1)
    amounts = [*ends, *(random.Random(7).randrange(-(2**62), 2**62) for _ in range(200))]
    for codes in (("CNY",), ("JPY",), ("USDT",), ("CNY", "JPY", "BHD", "USDT", "DIN", "HUF")):
        rows = [(amount, code) for amount in amounts for code in codes]
        made = with_decimals(
            pl.DataFrame(rows, schema=["amount", "currency"], orient="row"), ["amount"], digits
        )
        text = made["amount"].cast(pl.String).to_list()
        assert [format_minor(amount, digits.of(code)) for amount, code in rows] == text


def test_decimals_of_an_unknown_currency_are_refused():
    with pytest.raises(KeyError):
        with_decimals(pl.DataFrame({"amount": [1], "currency": ["XXX"]}), ["amount"], Digits({}))
