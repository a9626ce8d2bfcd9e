"""Settings of a centre that reaches institutions: all of them or none, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.cases import Dwell, Institution
from recoup.cli.settings import Connected, Journal, Wire, read_settings
from recoup.errors import SettingsFault
from recoup.orders import InstitutionKind

WHOLE = """
data = "centre"
name = "centre"
signing_key = "centre.key.json"
[notice]
authority = "Centre"
documents = ["notice"]
phone = "000"
[institutions.bank-1]
url = "http://127.0.0.1:8700/"
keys = ["bank-1.public.json"]
"""


def _read(folder: Path, text: str) -> Wire | None:
    file = folder / "centre.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, {}, {}).wire


def test_connections_are_read(tmp_path: Path) -> None:
    connected = Connected(
        "bank-1", "http://127.0.0.1:8700", (Path("bank-1.public.json"),), Institution("bank-1")
    )
    assert _read(tmp_path, WHOLE) == Wire(
        "centre", (Path("centre.key.json"),), "Centre", ("notice",), "000", (connected,)
    )


def test_the_centres_keys_of_before_are_read_and_mean_nothing_alone(tmp_path: Path) -> None:
    former = 'former_keys = ["old.public.json"]\n'
    wire = _read(tmp_path, WHOLE.replace("[notice]", former + "[notice]"))
    assert wire is not None
    assert wire.former_keys == (Path("old.public.json"),)
    for wrong in (
        'data = "centre"\n' + former,
        WHOLE.replace("[notice]", "former_keys = []\n[notice]"),
    ):
        with pytest.raises(SettingsFault, match="expected"):
            _read(tmp_path, wrong)


def test_the_centre_may_have_several_keys_of_its_own(tmp_path: Path) -> None:
    wire = _read(tmp_path, WHOLE.replace('"centre.key.json"', '["a.key.json", "b.key.json"]'))
    assert wire is not None
    assert wire.signing_keys == (Path("a.key.json"), Path("b.key.json"))
    for wrong in ("[]", "7", "[7]"):
        with pytest.raises(SettingsFault, match="signing_key: expected"):
            _read(tmp_path, WHOLE.replace('"centre.key.json"', wrong))


def test_what_an_institution_is_is_read(tmp_path: Path) -> None:
    wire = _read(tmp_path, WHOLE + 'kind = "aggregator"\n')
    assert wire is not None
    assert wire.institutions[0].declared.kind is InstitutionKind.AGGREGATOR
    with pytest.raises(SettingsFault, match="kind: expected one of bank, payment"):
        _read(tmp_path, WHOLE + 'kind = "mint"\n')


def test_what_an_institution_declares_about_itself_is_read(tmp_path: Path) -> None:
    more = """orders_per_minute = 30
can_stop_amounts = false
can_shrink_stop = true
dwell = [[0, 1000], [60, 100]]
"""
    wire = _read(tmp_path, WHOLE + more)
    assert wire is not None
    curve = Dwell(((0, 1000), (60, 100)))
    declared = Institution("bank-1", 30, can_stop_amounts=False, can_shrink_stop=True, dwell=curve)
    assert wire.institutions[0].declared == declared


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("orders_per_minute = 0", "bank-1: .*at least one order"),
        ("orders_per_minute = 1.5", "orders_per_minute: expected a whole number"),
        ("orders_per_minute = true", "orders_per_minute: expected a whole number"),
        ("can_stop_amounts = 1", "can_stop_amounts: expected true or false"),
        ('can_shrink_stop = "no"', "can_shrink_stop: expected true or false"),
        ("dwell = 5", "dwell: expected pairs"),
        ("dwell = [[0, 1000, 1]]", "dwell: expected pairs"),
        ("dwell = [[0, true]]", "dwell: expected pairs"),
        ("dwell = [[0, 900]]", "bank-1: expected a curve that begins"),
        ("dwell = [[0, 1000], [9, 1001]]", "bank-1: expected later points"),
    ],
)
def test_what_an_institution_cannot_mean_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(SettingsFault, match=words):
        _read(tmp_path, WHOLE + line + "\n")


def test_an_institution_is_pushed_to_polls_or_gets_paper(tmp_path: Path) -> None:
    more = '[institutions.bank-2]\nmode = "poll"\nkeys = ["b2"]\n[institutions.bank-3]\n'
    more += 'mode = "paper"\n[institutions.bank-4]\nmode = "paper"\nkeys = ["b4"]\n'
    wire = _read(tmp_path, WHOLE + more)
    assert wire is not None
    assert wire.institutions[1:] == (
        Connected("bank-2", "", (Path("b2"),), Institution("bank-2"), "poll"),
        Connected("bank-3", "", (), Institution("bank-3"), "paper"),
        Connected("bank-4", "", (Path("b4"),), Institution("bank-4"), "paper"),
    )


def test_without_them_nothing_is_connected(tmp_path: Path) -> None:
    assert _read(tmp_path, 'data = "centre"\n') is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "centre"\n', "", "expected name as well"),
        ('phone = "000"\n', "", "notice: expected authority, documents, phone"),
        ('"http://127.0.0.1:8700/"', '"127.0.0.1:8700"', "institutions.bank-1.url"),
        ('["bank-1.public.json"]', "[]", "institutions.bank-1.keys"),
        ('["bank-1.public.json"]', "[1]", "institutions.bank-1.keys: expected a text"),
        ("[institutions.bank-1]\n", "[institutions]\n", "institutions.keys: expected url, keys"),
        ('documents = ["notice"]', 'documents = "notice"', "notice.documents: expected texts"),
        ('keys = ["bank-1', 'mode = "fax"\nkeys = ["bank-1', "institutions.bank-1.mode: expected"),
        ('keys = ["bank-1', 'mode = "poll"\nkeys = ["bank-1', "institutions.bank-1: expected keys"),
        ('keys = ["bank-1', 'more = 1\nkeys = ["bank-1', "institutions.bank-1: expected url, keys"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(SettingsFault, match=words):
        _read(tmp_path, WHOLE.replace(old, new))


JOURNAL = """
data = "centre"
[journal]
signing_key = "journal.key"
seconds = 5
[[journal.witnesses]]
key = "bank.example+04a9470c+BIE5"
url = "http://127.0.0.1:8800/"
"""


def test_how_the_journal_is_signed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(JOURNAL, encoding="utf-8")
    found = read_settings(file, {}, {}).journal
    witness = ("bank.example+04a9470c+BIE5", "http://127.0.0.1:8800")
    assert found == Journal(Path("journal.key"), 5, (witness,))
    file.write_text('data = "centre"\n[journal]\nsigning_key = "k"\n', encoding="utf-8")
    assert read_settings(file, {}, {}).journal == Journal(Path("k"), 60, ())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('signing_key = "journal.key"\n', "", "journal: expected signing_key"),
        ("seconds = 5", "seconds = 0", "journal.seconds"),
        ("seconds = 5", "seconds = true", "journal.seconds"),
        ("seconds = 5", "minutes = 5", "journal: no such setting as minutes"),
        ("[[journal.witnesses]]", "[journal.witnesses]", "journal.witnesses: expected"),
        ('url = "http://127.0.0.1:8800/"', 'url = "x"', "journal.witnesses 1.url"),
        ('url = "http://127.0.0.1:8800/"', "", "journal.witnesses 1: expected key, url"),
    ],
)
def test_what_is_wrong_about_the_journal_is_named(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in JOURNAL
    with pytest.raises(SettingsFault, match=words):
        _read(tmp_path, JOURNAL.replace(old, new))
