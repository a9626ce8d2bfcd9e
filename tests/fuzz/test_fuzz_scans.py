"""Scans made of anything: walked or refused by name, and no decoder's abort, memory or time is anybody else's."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scanned import document, jpeg, png

from recoup.errors import ScanFault, ScanProblem
from recoup.paper.forms import JPEG, MEDIA, PDF, PNG, form_of
from recoup.paper.scans import look_at

NOISE = Image.frombytes("L", (60, 40), random.Random(7).randbytes(2400))
WHOLE = {PNG: png(NOISE), JPEG: jpeg(NOISE), PDF: document(NOISE)}
MARKS = (b"%PDF-", b"%%EOF", b"PK\x05\x06", b"\xff\xd9", b"\xff\xda", b"IEND", b"<html", b"/JS ")


def spoilt(chance: random.Random, data: bytes) -> bytes:
    """Return a file with some of its bytes changed, left out, doubled, or with a mark of another form put in."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[at : at + chance.randrange(40)]
            case 2:
                found[at:at] = found[at : at + chance.randrange(40)]
            case _:
                found[at:at] = chance.choice(MARKS)
    return bytes(found)


def walked(data: bytes, said: str) -> str:
    """Return the form of a file, or the name under which it is refused."""
    try:
        return form_of(data, said)
    except ScanFault as fault:
        return fault.problem.value


@given(st.binary(max_size=300), st.sampled_from(MEDIA))
def test_any_bytes_are_walked_or_refused(data: bytes, said: str) -> None:
    for begin in (b"", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        assert walked(begin + data, said) in {said, *ScanProblem}


@given(st.integers(0, 2**32), st.sampled_from(MEDIA))
@settings(max_examples=400)
def test_a_spoilt_file_is_walked_or_refused(seed: int, said: str) -> None:
    assert walked(spoilt(random.Random(seed), WHOLE[said]), said) in {said, *ScanProblem}


@pytest.mark.slow
@pytest.mark.parametrize("said", MEDIA)
def test_what_passes_the_walk_is_looked_at_or_refused(said: str) -> None:
    seen = refused = 0
    for seed in range(60):
        data = spoilt(random.Random(seed), WHOLE[said])
        try:
            look_at(data, said)
            seen += 1
        except ScanFault:
            refused += 1
    assert seen + refused == 60
    assert refused, "the control: spoiling spoils"
    assert look_at(WHOLE[said], said).pages == 1
