"""Passwords and codes of the second factor: made, hashed, compared. It takes as long for a person who does not exist."""

from __future__ import annotations

import asyncio
import hmac
from datetime import datetime
from functools import cached_property
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import Type, hash_secret_raw

from recoup import limits

_STEP_SECONDS: Final = 30
_STEPS_AROUND: Final = 1
"""Codes of the step before and after are taken: clocks differ."""


class Passwords:
    """Argon2id with one setting for all; a few at a time, each in a thread of its own."""

    def __init__(self, memory_kibibytes: int = 65_536, rounds: int = 3, threads: int = 1) -> None:
        self._hasher = PasswordHasher(
            time_cost=rounds, memory_cost=memory_kibibytes, parallelism=threads, type=Type.ID
        )
        self._settings = (rounds, memory_kibibytes, threads)
        self._places = asyncio.Semaphore(limits.LOGINS_AT_ONCE_MAX)

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, kept: str, password: str) -> bool:
        """Compare; without a kept hash the same work is done and the answer is no."""
        async with self._places:
            return await asyncio.to_thread(self._compare, kept, password)

    async def content(self, salt: bytes, password: str) -> str:
        """Return a digest that tells two passwords of one request apart and is as hard to guess from as the hash itself."""
        rounds, memory, threads = self._settings
        async with self._places:
            raw = await asyncio.to_thread(
                hash_secret_raw, password.encode(), salt[:16], rounds, memory, threads, 32, Type.ID
            )
        return raw.hex()

    def _compare(self, kept: str, password: str) -> bool:
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        return bool(kept)

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password that nobody has."""
        return self._hasher.hash(pyotp.random_base32())


def new_secret() -> str:
    """Return a fresh secret of a second factor."""
    return pyotp.random_base32(32)


def address_of(secret: str, name: str) -> str:
    """Return the address that an authenticator app reads, as a QR code or typed."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Recoup")


def step_of(secret: str, code: str, now: datetime) -> int:
    """Return the time step of which `code` is the code, the newest first; 0 if of none around now."""
    totp = pyotp.TOTP(secret)
    here = int(now.timestamp()) // _STEP_SECONDS
    found = 0
    for step in range(here - _STEPS_AROUND, here + _STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):  # all are compared, whichever fits
            found = step
    return found


__all__ = ["Passwords", "address_of", "new_secret", "step_of"]
