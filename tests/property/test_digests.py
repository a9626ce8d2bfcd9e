"""What an approval binds: equal things have one digest, whatever zone their instants are told in; other things have another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.cases import decided
from recoup.cases.case import Found, Mandate, Place
from recoup.cases.decided import Matter, Motion, digest_of
from recoup.cases.lists import Entry, Level, Subject
from recoup.cases.packet import Packet

INSTANTS = st.integers(0, 10**15).map(
    lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
)
ZONES = st.one_of(
    st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), UTC]),
    st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


def digests(at: datetime) -> list[str]:
    """Return the digest of everything that is approved and holds an instant, flat or within something else."""
    motion = Motion("m", Matter.DEFERRAL, "ann", "a", until=at)
    mandate = Mandate("x", 3, 100, "CNY", at, "ann")
    entry = Entry("e", Subject.ACCOUNT, Level.SUSPECT, "k", "c", "", "r", "ann", at, at)
    place = Place("c1", "a", "bank", "CNY", 1, at, Found.LOCATED)
    packet = Packet("c", "u", (), (), (), (), 1, 1, "", (), ())
    packet = replace(packet, clocks=(("term", "a", at),))
    return [
        motion.digest,
        mandate.digest,
        entry.digest,
        packet.digest,
        digest_of("trail", (place,), [(at,)]),
        digest_of("shown", (1, at), None, [place]),
    ]


@given(INSTANTS, ZONES)
def test_one_instant_has_one_digest_in_every_zone(at: datetime, zone: timezone) -> None:
    assert digests(at) == digests(at.astimezone(zone))


@given(INSTANTS, st.sampled_from([1, 1_000_000, 3_600_000_000]), ZONES)
def test_another_instant_has_another_digest(at: datetime, by: int, zone: timezone) -> None:
    other = (at + timedelta(microseconds=by)).astimezone(zone)
    assert all(a != b for a, b in zip(digests(at), digests(other), strict=True))


def test_a_digest_over_how_python_prints_a_zone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: what lies within something else shows its zone."""
    monkeypatch.setattr(decided._ENCODER, "default", repr)
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert digests(at) != digests(at.astimezone(ZoneInfo("UTC")))


@given(st.lists(st.lists(st.text(max_size=3), max_size=3), max_size=3), st.data())
def test_no_two_lists_of_texts_have_one_digest(first: list[list[str]], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.lists(st.text(max_size=3), max_size=3), max_size=3))
    assert (digest_of("t", first) == digest_of("t", other)) == (first == other)


@pytest.mark.parametrize("value", [{"a", "b"}, b"x", object()])
def test_what_has_no_one_text_is_refused(value: object) -> None:
    with pytest.raises(AssertionError, match="nothing says"):
        digest_of("t", (value,))
    with pytest.raises(AssertionError, match="nothing says"):
        digest_of("t", value)
