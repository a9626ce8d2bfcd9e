"""What the vault promises on every table: sealed, bound, found, read with a reason, erased for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.errors import LimitFault, StoreBusy, StoreFault, VaultFault
from recoup.journal import Registry
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.sqlite import SqliteVaultTable, connection
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import (
    LocalKeys,
    PersonalDataErased,
    PersonalDataRead,
    Purpose,
    Sealed,
    Vault,
)

KEYS = LocalKeys(b"k" * 32)
WHY = Purpose("officer_1", "case_1", "identify the victim")
NAME = "张三 Zhang San"


@pytest.fixture(params=["memory", "sqlite"])
def table(request, tmp_path):
    if request.param == "memory":
        return MemoryVaultTable()
    return SqliteVaultTable(DriverConnection(tmp_path / "vault.sqlite"))


@pytest.fixture
def vault(table):
    made = Vault(table, KEYS)
    made.put("s_1", "name", NAME)
    made.put("s_1", "phone", "13800000000")
    made.put("s_2", "name", NAME)
    return made


def test_a_piece_is_read_with_the_event_that_must_be_journalled(vault):
    reading = vault.read("s_1", "name", WHY)
    assert reading.text == NAME
    assert reading.event == PersonalDataRead("s_1", "name", "officer_1", "case_1", WHY.reason)


def test_events_of_the_vault_have_a_canonical_form_without_the_data(vault):
    registry = Registry()
    registry.register("personal_data_read", 1, PersonalDataRead)
    registry.register("personal_data_erased", 1, PersonalDataErased)
    body = registry.encode(vault.read("s_1", "name", WHY).event)
    assert "张".encode() not in body
    assert registry.decode("personal_data_read", 1, body).subject == "s_1"


def test_no_reading_without_reader_case_and_reason():
    for given_words in (("", "c", "r"), ("o", "", "r"), ("o", "c", "")):
        with pytest.raises(AssertionError):
            Purpose(*given_words)


def test_subjects_are_found_by_the_whole_text_of_one_field(vault):
    assert vault.find("name", NAME) == ["s_1", "s_2"]
    assert vault.find("phone", "13800000000") == ["s_1"]
    assert vault.find("name", "13800000000") == []
    assert vault.find("phone", "1380000000") == []


def test_a_digest_tells_nothing_without_the_key(table, vault):
    assert Vault(table, LocalKeys(b"x" * 32)).find("name", NAME) == []
    assert vault.find("name", NAME)


def test_pieces_of_several_subjects_are_kept_together(vault):
    vault.put_all([("s_3", "name", NAME), ("s_3", "phone", "1"), ("s_1", "phone", "2")])
    assert vault.read("s_3", "phone", WHY).text == "1"
    assert vault.read("s_1", "phone", WHY).text == "2"
    assert vault.has("s_3", "name")
    assert not vault.has("s_3", "text")
    assert not vault.has("s_9", "name")


def test_of_pieces_that_are_kept_together_none_stays_when_one_is_refused(vault):
    too_long = "x" * (limits.PERSONAL_BYTES_MAX + 1)
    with pytest.raises(LimitFault):
        vault.put_all([("s_3", "name", NAME), ("s_1", "phone", "2"), ("s_1", "text", too_long)])
    assert not vault.has("s_3", "name")
    assert vault.read("s_1", "phone", WHY).text == "13800000000"
    vault.put("s_3", "name", NAME)  # and what comes after is kept as ever
    assert vault.find("name", NAME) == ["s_1", "s_2", "s_3"]


def test_one_by_one_something_would_stay(vault):
    """The negative control of the two above."""
    vault.put("s_3", "name", NAME)
    with pytest.raises(LimitFault):
        vault.put("s_1", "text", "x" * (limits.PERSONAL_BYTES_MAX + 1))
    assert vault.has("s_3", "name")


def test_a_new_text_takes_the_place_of_the_old_one(vault):
    vault.put("s_1", "phone", "13900000000")
    assert vault.read("s_1", "phone", WHY).text == "13900000000"
    assert vault.find("phone", "13800000000") == []


def test_an_erased_subject_cannot_be_read_found_or_taken_again(vault):
    assert vault.erase("s_1", "officer_1", "term ended") == PersonalDataErased(
        "s_1", "officer_1", "term ended"
    )
    for field in ("name", "phone"):
        with pytest.raises(VaultFault, match="destroyed"):
            vault.read("s_1", field, WHY)
    with pytest.raises(VaultFault, match="destroyed"):
        vault.put("s_1", "name", NAME)
    assert vault.find("name", NAME) == ["s_2"]
    assert vault.read("s_2", "name", WHY).text == NAME
    vault.erase("s_1", "officer_1", "again")
    vault.erase("s_9", "officer_1", "never was")
    with pytest.raises(VaultFault, match="destroyed"):
        vault.put("s_9", "name", NAME)


def test_what_is_not_there_is_a_fault(vault):
    with pytest.raises(VaultFault, match="not there"):
        vault.read("s_9", "name", WHY)
    with pytest.raises(VaultFault, match="not there"):
        vault.read("s_2", "phone", WHY)


def test_a_changed_or_swapped_piece_does_not_open(table, vault):
    piece = table.piece("s_1", "name")
    flipped = Sealed(piece.nonce, bytes([piece.sealed[0] ^ 1]) + piece.sealed[1:], piece.lookup)
    for subject, field, bad in (
        ("s_1", "name", flipped),
        ("s_1", "phone", piece),
        ("s_2", "name", piece),
    ):
        table.put(subject, field, bad)
        with pytest.raises(VaultFault, match="changed"):
            vault.read(subject, field, WHY)


def test_another_master_key_or_another_subjects_key_opens_nothing(table, vault):
    with pytest.raises(VaultFault, match="master key"):
        Vault(table, LocalKeys(b"x" * 32)).read("s_1", "name", WHY)
    _, wrapped = table.wrapped_key("s_1")
    with pytest.raises(VaultFault):
        KEYS.unwrap(wrapped, "s_2")
    with pytest.raises(VaultFault):
        KEYS.unwrap(b"short", "s_1")
    with pytest.raises(VaultFault):
        LocalKeys(b"short")
    assert vault.read("s_1", "name", WHY).text == NAME


def test_a_piece_may_be_as_long_as_the_bound_says(vault):
    longest = "x" * limits.PERSONAL_BYTES_MAX
    vault.put("s_1", "note", longest)
    assert vault.read("s_1", "note", WHY).text == longest
    with pytest.raises(LimitFault):
        vault.put("s_1", "note", longest + "x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(vault, text):
    vault.put("s_3", "note", text)
    assert vault.read("s_3", "note", WHY).text == text


def test_a_destroyed_key_is_in_no_file_any_more(tmp_path):
    path = tmp_path / "vault.sqlite"
    table = SqliteVaultTable(DriverConnection(path))
    vault = Vault(table, KEYS)
    vault.put("s_1", "name", NAME)
    _, wrapped = table.wrapped_key("s_1")
    sealed = table.piece("s_1", "name").sealed

    def on_disk(data: bytes) -> bool:
        return any(data in file.read_bytes() for file in tmp_path.iterdir())

    assert on_disk(wrapped)
    assert on_disk(sealed)
    assert not on_disk(NAME.encode())
    vault.erase("s_1", "officer_1", "term ended")
    assert not on_disk(wrapped)
    assert not on_disk(sealed)


def test_an_erasure_that_leaves_old_pages_in_the_log_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_SECONDS_MAX", 0.05)
    path = tmp_path / "vault.sqlite"
    vault = Vault(SqliteVaultTable(DriverConnection(path)), KEYS)
    vault.put("s_1", "name", NAME)
    reader = DriverConnection(path)
    reader.run("BEGIN")
    reader.run("SELECT count(*) FROM vault_key")
    with pytest.raises(StoreBusy):
        vault.erase("s_1", "officer_1", "term ended")
    with pytest.raises(VaultFault, match="destroyed"):
        vault.read("s_1", "name", WHY)
    reader.run("COMMIT")
    vault.erase("s_1", "officer_1", "term ended")


def test_a_piece_of_an_unknown_subject_is_refused_by_the_table(tmp_path):
    table = SqliteVaultTable(DriverConnection(tmp_path / "vault.sqlite"))
    with pytest.raises(StoreFault):  # foreign keys are on
        table.put("nobody", "name", Sealed(bytes(12), b"", bytes(32)))
    table.close()


def test_what_is_put_together_is_there_as_one(vault):
    with vault.together():
        vault.put("s_3", "name", "Li")
        vault.put("s_1", "name", "Wang")
        assert vault.read("s_3", "name", WHY).text == "Li"
    assert vault.read("s_1", "name", WHY).text == "Wang"


def test_of_what_is_put_together_nothing_stays_when_one_piece_is_refused(vault):
    def both():
        with vault.together():
            vault.put("s_3", "name", "Li")
            vault.put("s_1", "name", "x" * (limits.PERSONAL_BYTES_MAX + 1))

    with pytest.raises(LimitFault):
        both()
    with pytest.raises(VaultFault):
        vault.read("s_3", "name", WHY)
    assert vault.read("s_1", "name", WHY).text == NAME
    vault.put("s_3", "name", "Li")
    assert vault.read("s_3", "name", WHY).text == "Li"


# --- pieces that are kept before the entry that names them ----------------------------------------------------------------

AT = datetime(2026, 1, 5, 10, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def waiting(table):
    return [(x.subject, x.field, x.command, x.at) for x in table.waiting()]


def test_what_is_new_waits_for_its_command_and_what_was_there_does_not(table, vault):
    vault.put_first([("s_1", "name", "new"), ("s_3", "name", NAME)], "c1", AT)
    vault.put_first([("s_3", "name", "Li"), ("s_3", "phone", "1")], "c2", LATER)
    assert waiting(table) == [("s_3", "name", "c1", AT), ("s_3", "phone", "c2", LATER)]
    assert vault.waiting_among(["s_1", "s_3", "s_9"]) == ["s_3"]


def test_a_command_whose_entry_is_on_disk_is_waited_for_no_more(table, vault):
    vault.put_first([("s_3", "name", NAME)], "c1", AT)
    vault.put_first([("s_4", "name", NAME)], "c2", AT, told=["c1"])
    assert waiting(table) == [("s_4", "name", "c2", AT)]


def test_what_something_else_rests_on_waits_no_more(table, vault):
    vault.put_first([("s_3", "name", NAME)], "c1", AT)
    vault.put_all([], relies_on=["s_3"])
    assert waiting(table) == []
    assert vault.sweep(lambda _: True) == 0
    assert vault.has("s_3", "name")


def test_a_sweep_drops_what_it_is_told_to_and_leaves_the_rest(table, vault):
    pieces = [(subject, "name", NAME) for subject in ("s_3", "s_4", "s_5")]
    vault.put_first([*pieces, ("s_1", "text", "t")], "c1", AT)
    verdicts = {"s_1": True, "s_3": True, "s_4": False, "s_5": None}
    assert vault.sweep(lambda piece: verdicts[piece.subject]) == 2
    assert vault.find("name", NAME) == ["s_1", "s_2", "s_4", "s_5"]
    assert not vault.has("s_1", "text")
    assert vault.read("s_1", "phone", WHY).text, "the key of what is left is left"
    assert table.wrapped_key("s_3") == (False, None)
    assert waiting(table) == [("s_5", "name", "c1", AT)]
    vault.put_first(
        [("s_3", "name", NAME)], "c2", LATER
    )  # it was never there, so it may come again
    assert vault.read("s_3", "name", WHY).text == NAME


def test_what_was_erased_is_swept_of_nothing_and_stays_erased(table, vault):
    vault.put_first([("s_3", "name", NAME)], "c1", AT)
    vault.erase("s_3", "officer_1", "asked for")
    assert waiting(table) == []
    assert vault.sweep(lambda _: True) == 0
    with pytest.raises(VaultFault, match="destroyed"):
        vault.put("s_3", "name", NAME)


def test_of_pieces_that_wait_none_stays_when_one_is_refused(table, vault):
    too_long = "x" * (limits.PERSONAL_BYTES_MAX + 1)
    with pytest.raises(LimitFault):
        vault.put_first([("s_3", "name", NAME), ("s_3", "text", too_long)], "c1", AT)
    assert (waiting(table), vault.has("s_3", "name")) == ([], False)


def test_many_subjects_are_kept_and_found_as_one_by_one(vault):
    names = [f"name {n}" for n in range(70)]
    pieces = [(f"m_{n}", field, names[n]) for n in range(70) for field in ("name", "alias")]
    vault.put_all([*pieces, ("s_1", "name", "newer"), ("s_1", "name", "newest")])
    assert vault.read("s_1", "name", WHY).text == "newest"
    assert vault.find("name", NAME) == ["s_2"]
    asked = [*names, NAME, "nobody"]
    found = vault.find_all("name", asked)
    assert found == {text: vault.find("name", text) for text in asked}
    assert found["nobody"] == []
    assert [vault.read(*one[:2], WHY).text for one in pieces] == [one[2] for one in pieces]
    assert vault.find_all("name", []) == {}


def test_of_many_pieces_none_is_kept_if_one_subject_was_erased(vault):
    vault.erase("s_2", "officer_1", "asked for")
    with pytest.raises(VaultFault):
        vault.put_all([("s_9", "name", "new"), ("s_2", "name", "again")])
    assert not vault.has("s_9", "name")
    assert vault.find_all("name", ["new", "again"]) == {"new": [], "again": []}
    with pytest.raises(LimitFault):
        vault.put_all([("s_9", "name", "x" * (limits.PERSONAL_BYTES_MAX + 1))])
    vault.put_all([("s_9", "name", "new")])  # no key was left behind by what failed
    assert vault.find("name", "new") == ["s_9"]


def test_a_block_within_a_block_is_kept_or_lost_with_it(vault):
    def both(*, fails):
        with vault.together():
            vault.put_all([("s_7", "name", "inner")])
            with vault.together():
                vault.put("s_8", "name", "inner")
            if fails:
                raise StoreFault("the outer block")

    with pytest.raises(StoreFault):
        both(fails=True)
    assert vault.find("name", "inner") == []
    both(fails=False)
    assert vault.find("name", "inner") == ["s_7", "s_8"]
