"""Signed messages: each thing that can be wrong with one is refused by its own name; what is right is taken once."""

from __future__ import annotations

import base64
import json
import random
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from recoup import limits
from recoup.errors import LimitFault, MessageFault, MessageProblem
from recoup.messages import (
    AnswerMessage,
    Asked,
    AskMessage,
    KeyRing,
    MemoryReplays,
    Minor,
    OrderMessage,
    StatementRow,
    generate_key,
    open_message,
    read_key,
    read_public,
    seal,
    write_key,
    write_public,
)
from recoup.messages.codec import encode
from recoup.messages.keys import SigningKey, from_base64url, to_base64url
from recoup.orders import OrderKind, Outcome

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
YEAR = timedelta(days=365)
CENTRE = SigningKey("centre", bytes(range(32)), NOW - YEAR, NOW + YEAR)
OTHER = SigningKey("centre", bytes(range(1, 33)), NOW - YEAR, NOW + YEAR)
BANK_B = SigningKey("bank-b", bytes(range(2, 34)), NOW - YEAR, NOW + YEAR)
RING = KeyRing([CENTRE.public, BANK_B.public])
ORDER = OrderMessage(
    id="o1",
    kind=OrderKind.RELEASE,
    case="c1",
    institution="bank-a",
    account_number="1",
    account_name="n",
    currency="CNY",
    amount=0,
    issued_at=NOW,
    reason="r",
)
P = MessageProblem


def _sealed(message=ORDER, key=CENTRE, *, audience="bank-a", jti="j1", now=NOW, **more) -> bytes:
    return seal(message, key, audience=audience, jti=jti, now=now, **more)


def _open(data: bytes, *, ring=RING, now=NOW, replays=None, **more):
    replays = MemoryReplays() if replays is None else replays
    return open_message(data, ring, audience="bank-a", now=now, replays=replays, **more)


def _problem(data: bytes, **more) -> MessageProblem:
    with pytest.raises(MessageFault) as found:
        _open(data, **more)
    return found.value.problem


def _forged(header: dict, payload: bytes = encode(ORDER), key: SigningKey = CENTRE) -> bytes:
    """Sign any header truly, without the checks of `seal`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    head = to_base64url(json.dumps(header).encode() if isinstance(header, dict) else header)
    text = f"{head}.{to_base64url(payload)}".encode()
    signature = Ed25519PrivateKey.from_private_bytes(key.secret).sign(text)
    return text + b"." + to_base64url(signature).encode()


HEADER = json.loads(from_base64url(_sealed().decode().split(".")[0]))


def test_what_was_sealed_is_opened():
    found = _open(_sealed())
    assert (found.message, found.issuer, found.jti, found.signed_at) == (ORDER, "centre", "j1", NOW)


def test_another_library_reads_it():
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": CENTRE.public.as_jwk()["x"]})
    registry = jws.JWSRegistry(algorithms=["Ed25519"], strict_check_header=False)
    assert jws.deserialize_compact(_sealed(), key, registry=registry).payload == encode(ORDER)


def test_a_message_as_large_as_may_be_sent_is_opened():
    # The library's own bound lies far below, and what is above it would look like a wrong signature.
    rows = tuple(
        StatementRow(f"{n}{'x' * 700}", NOW, n, "1", "2", Minor(5), "CNY") for n in range(850)
    )
    large = AnswerMessage("a1", "o1", "bank-b", Outcome.INFORMED, NOW, "CNY", rows=rows)
    data = _sealed(large, BANK_B, jti="long" * 25)
    assert limits.MESSAGE_BYTES_MAX * 0.7 < len(data) <= limits.MESSAGE_BYTES_MAX
    assert _open(data).message == large


def test_it_is_taken_once():
    replays = MemoryReplays()
    _open(_sealed(), replays=replays)
    assert _problem(_sealed(), replays=replays) is P.REPLAYED
    _open(_sealed(jti="j2"), replays=replays)


class Seen:
    """A fence in memory."""

    def __init__(self):
        self.highest = {}

    def admit(self, issuer, epoch):
        highest = self.highest[issuer] = max(epoch, self.highest.get(issuer, 0))
        return epoch == highest


def test_a_lower_epoch_than_one_seen_is_refused_and_uses_up_no_id():
    replays, fence = MemoryReplays(), Seen()
    assert _open(_sealed(jti="a", epoch=5), fence=fence).epoch == 5
    old = _sealed(jti="b", epoch=4)
    assert _problem(old, replays=replays, fence=fence) is P.EPOCH_OLD
    _open(_sealed(jti="c", epoch=5), replays=replays, fence=fence)
    _open(old, replays=replays)  # without a fence it is taken, and it was not remembered before


def test_an_epoch_that_is_not_believed_does_not_raise_the_fence():
    fence = Seen()
    stale = NOW - timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX + 1)
    assert _problem(_sealed(epoch=9, now=stale), fence=fence) is P.STALE
    assert fence.highest == {}


def test_it_is_remembered_for_as_long_as_it_would_be_taken():
    replays = MemoryReplays()
    early = timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX)
    data = _sealed(now=NOW + early)
    _open(data, replays=replays)
    last = NOW + early + timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX)
    assert _problem(data, now=last, replays=replays) is P.REPLAYED


def test_a_refused_message_uses_up_no_id():
    replays = MemoryReplays()
    assert _problem(_forged({**HEADER, "aud": "bank-c"}), replays=replays) is P.AUDIENCE_WRONG
    _open(_sealed(), replays=replays)


AGE, AHEAD = limits.MESSAGE_AGE_SECONDS_MAX, limits.MESSAGE_AHEAD_SECONDS_MAX


@pytest.mark.parametrize(
    ("seconds", "problem"), [(AGE, None), (AGE + 1, P.STALE), (-AHEAD, None), (-AHEAD - 1, P.EARLY)]
)
def test_it_is_taken_within_the_window_only(seconds, problem):
    at = NOW + timedelta(seconds=seconds)
    if problem is None:
        _open(_sealed(), now=at)
    else:
        assert _problem(_sealed(), now=at) is problem


def _hmac() -> bytes:
    """The old trick: the public key as the secret of an HMAC."""
    key = OctKey.import_key(CENTRE.public.public)
    head = {**HEADER, "alg": "HS256"}
    registry = jws.JWSRegistry(strict_check_header=False)
    text = jws.serialize_compact(head, encode(ORDER), key, ["HS256"], registry=registry)
    return (
        text.encode() + b"A" * 43
    )  # a signature of the expected length, so that the algorithm is looked at


PARTS = _sealed().split(b".")
WRONG = {
    "empty": (b"", P.MALFORMED),
    "two parts": (b".".join(PARTS[:2]), P.MALFORMED),
    "four parts": (b".".join([*PARTS, b"x"]), P.MALFORMED),
    "not base64url": (b".".join([PARTS[0], b"*", PARTS[2]]), P.MALFORMED),
    "padded": (_sealed() + b"=", P.MALFORMED),
    "not ASCII": ("é".encode() + _sealed(), P.MALFORMED),
    "short signature": (_sealed()[:-2], P.MALFORMED),
    "too large": (b"a" * (limits.MESSAGE_BYTES_MAX + 1), P.TOO_LARGE),
    "header no JSON": (_forged(b"{"), P.HEADER_MALFORMED),
    "header deep": (_forged(b"[" * 200_000), P.HEADER_MALFORMED),
    "header no object": (_forged(b"[]"), P.HEADER_MALFORMED),
    "name twice": (_forged(json.dumps(HEADER).encode()[:-1] + b',"kid":"x"}'), P.HEADER_MALFORMED),
    "more in the header": (_forged({**HEADER, "crit": ["b64"], "b64": False}), P.HEADER_MALFORMED),
    "a key in the header": (_forged({**HEADER, "jwk": OTHER.public.as_jwk()}), P.HEADER_MALFORMED),
    "iat as text": (_forged({**HEADER, "iat": "1"}), P.HEADER_MALFORMED),
    "iat true": (_forged({**HEADER, "iat": True}), P.HEADER_MALFORMED),
    "iat huge": (_forged({**HEADER, "iat": 10**30}), P.HEADER_MALFORMED),
    "epoch missing": (
        _forged({k: v for k, v in HEADER.items() if k != "epoch"}),
        P.HEADER_MALFORMED,
    ),
    "epoch true": (_forged({**HEADER, "epoch": True}), P.HEADER_MALFORMED),
    "epoch below zero": (_forged({**HEADER, "epoch": -1}), P.HEADER_MALFORMED),
    "epoch beyond exact numbers": (_forged({**HEADER, "epoch": 2**53}), P.HEADER_MALFORMED),
    "empty jti": (_forged({**HEADER, "jti": ""}), P.HEADER_MALFORMED),
    "long jti": (_forged({**HEADER, "jti": "x" * 129}), P.HEADER_MALFORMED),
    "alg none": (_forged({**HEADER, "alg": "none"}), P.ALGORITHM_REFUSED),
    "alg EdDSA": (_forged({**HEADER, "alg": "EdDSA"}), P.ALGORITHM_REFUSED),
    "alg HS256": (_forged({**HEADER, "alg": "HS256"}), P.ALGORITHM_REFUSED),
    "hmac": (_hmac(), P.ALGORITHM_REFUSED),
    "typ": (_forged({**HEADER, "typ": "recoup.order.v9"}), P.TYPE_UNKNOWN),
    "issuer": (_forged({**HEADER, "iss": "nobody"}), P.ISSUER_UNKNOWN),
    "another key": (_sealed(key=OTHER), P.KEY_UNKNOWN),
    "another's key id": (_forged({**HEADER, "kid": BANK_B.public.id}), P.KEY_UNKNOWN),
    "signed by another": (_forged(HEADER, key=OTHER), P.SIGNATURE_WRONG),
    "audience": (
        _sealed(replace(ORDER, institution="bank-c"), audience="bank-c"),
        P.AUDIENCE_WRONG,
    ),
    "addressed to another": (_sealed(replace(ORDER, institution="bank-c")), P.SENDER_WRONG),
    "body": (_forged(HEADER, b"{"), P.BODY_MALFORMED),
    "speaks for another": (_sealed(AskMessage("bank-c", Asked.DIGEST), key=BANK_B), P.SENDER_WRONG),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what):
    data, problem = WRONG[what]
    if what == "hmac":
        data = b".".join([*data.split(b".")[:2], b"A" * 86])
    assert _problem(data) is problem


def test_every_problem_of_a_seal_is_met_by_a_test():
    met = {problem for _, problem in WRONG.values()} | {
        P.REPLAYED,
        P.STALE,
        P.EARLY,
        P.KEY_NOT_VALID,
    }
    in_test_codec = {P.TOO_DEEP, P.FIELD_MISSING, P.FIELD_UNKNOWN, P.FIELD_WRONG}
    with_a_fence = {P.EPOCH_OLD}
    assert set(MessageProblem) == met | in_test_codec | with_a_fence


def test_a_kind_that_is_not_taken_here_is_refused():
    assert _problem(_sealed(), takes=(AskMessage,)) is P.TYPE_UNKNOWN


@pytest.mark.parametrize("seed", range(5))
def test_no_altered_byte_is_taken(seed):
    """Five thousand alterations; the same without one is taken, or the test would show nothing."""
    chance, data = random.Random(seed), _sealed()
    _open(data)
    for _ in range(1_000):
        at = chance.randrange(len(data))
        other = chance.choice([b for b in range(256) if b != data[at]])
        kind = chance.choice(["change", "drop", "insert"])
        altered = {
            "change": data[:at] + bytes([other]) + data[at + 1 :],
            "drop": data[:at] + data[at + 1 :],
            "insert": data[:at] + bytes([other]) + data[at:],
        }[kind]
        if altered != data:
            with pytest.raises(MessageFault):
                _open(altered)


@pytest.mark.parametrize("name", ["kid", "typ", "iss", "aud", "iat", "epoch", "jti", "alg"])
def test_every_field_of_the_header_is_under_the_signature(name):
    is_number = name in {"iat", "epoch"}
    head = {**HEADER, name: HEADER[name] + 1 if is_number else HEADER[name] + "x"}
    if name == "typ":
        head[name] = "recoup.ask.v1"
    altered = b".".join([to_base64url(json.dumps(head).encode()).encode(), *PARTS[1:]])
    with pytest.raises(MessageFault):
        _open(altered)


def test_a_second_form_of_the_same_signature_is_refused():
    last = _sealed()[-1:]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = letters[letters.index(last) ^ 1 :][:1]  # differs in bits that base64url throws away
    data = _sealed()[:-1] + twin
    loose = base64.urlsafe_b64decode(data.split(b".")[2] + b"==")
    assert loose == base64.urlsafe_b64decode(PARTS[2] + b"==")
    assert _problem(data) is P.MALFORMED


# --- keys --------------------------------------------------------------------------------------------------------------


def test_keys_overlap_on_rotation_and_the_old_one_ends():
    old = replace(CENTRE, valid_until=NOW + timedelta(hours=1))
    new = replace(OTHER, valid_from=NOW)
    ring = KeyRing([old.public, new.public])
    _open(_sealed(key=old), ring=ring)
    _open(_sealed(key=new), ring=ring)
    later = NOW + timedelta(hours=1)
    _open(_sealed(key=new, now=later), ring=ring, now=later)
    still = _sealed(key=old, now=later - timedelta(seconds=10))
    assert _problem(still, ring=ring, now=later) is P.KEY_NOT_VALID
    before = NOW - timedelta(minutes=2)
    assert _problem(_sealed(key=OTHER, now=before), ring=ring) is P.KEY_NOT_VALID


def test_nothing_is_signed_with_a_key_that_ended():
    with pytest.raises(MessageFault) as found:
        _sealed(key=replace(CENTRE, valid_until=NOW))
    assert found.value.problem is P.KEY_NOT_VALID


def test_key_files_keep_what_they_were_given_and_are_their_owners_alone(tmp_path):
    key = generate_key("bank-a", NOW, NOW + YEAR)
    write_key(key, tmp_path / "own.json")
    write_public(key.public, tmp_path / "public.json")
    assert read_key(tmp_path / "own.json") == key
    assert read_public(tmp_path / "public.json") == key.public
    assert stat.S_IMODE((tmp_path / "own.json").stat().st_mode) == 0o600
    assert to_base64url(key.secret) not in (tmp_path / "public.json").read_text() + repr(key)
    with pytest.raises(FileExistsError):
        write_key(key, tmp_path / "own.json")


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "x"},
        {"x": "AA"},
        {"crv": "P-256"},
        {"valid_from": "soon"},
        {"owner": 1},
        {"d": "AA"},
        {"x": to_base64url(OTHER.public.public)},
        {"more": ""},
    ],
    ids=str,
)
def test_a_key_file_that_cannot_be_used_is_refused(tmp_path, change):
    (tmp_path / "k.json").write_text(json.dumps({**CENTRE.public.as_jwk(), **change}))
    with pytest.raises(MessageFault) as found:
        read_public(tmp_path / "k.json")
    assert found.value.problem is P.KEY_UNKNOWN


def test_a_private_key_whose_halves_differ_is_refused(tmp_path):
    table = {**CENTRE.public.as_jwk(), "d": to_base64url(OTHER.secret)}
    (tmp_path / "k.json").write_text(json.dumps(table))
    with pytest.raises(MessageFault):
        read_key(tmp_path / "k.json")


def test_more_keys_than_the_limit_are_refused():
    keys = [generate_key("a", NOW, NOW + YEAR).public for _ in range(limits.KEYS_PINNED_MAX + 1)]
    KeyRing(keys[:-1])
    with pytest.raises(LimitFault):
        KeyRing(keys)
