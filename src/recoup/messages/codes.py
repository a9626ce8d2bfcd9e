"""The four-digit result codes of an institution's answer, as China's platform has them. Not what follows from them.

The last code of each family (0199, 0299, ...) is "other of this kind". The freeze family (1400 to 1799) was in no table that
could be read: those codes arrive as `Unrecognised` and are kept.
"""

from __future__ import annotations

from enum import StrEnum


class ResultCode(StrEnum):
    """Why it was done so."""

    DONE = "0000"
    IDENTITY_MISMATCH = "0100"
    IDENTITY_OTHER = "0199"
    AMOUNT_MALFORMED = "0200"
    AMOUNT_OTHER = "0299"
    """Here also: no arrival of that amount."""
    ACCOUNT_UNKNOWN = "0300"
    NAME_MISMATCH = "0301"
    ACCOUNT_WHITELISTED = "0302"
    ACCOUNT_REPORTED_LOST = "0303"
    ACCOUNT_WRONG = "0304"
    """Here also: the account keeps no such currency."""
    ACCOUNT_OTHER = "0399"
    ORIGINAL_UNKNOWN = "0400"
    ORIGINAL_OTHER = "0499"
    MANDATORY_MISSING = "0500"
    GARBLED = "0501"
    CONTENT_OTHER = "0599"
    DOCUMENT_MISSING = "0600"
    DOCUMENT_OTHER = "0699"
    ORGANISATION_WRONG = "0700"
    SUBORGANISATION_WRONG = "0701"
    ORGANISATION_OTHER = "0799"
    DATE_MALFORMED = "0800"
    DATE_WITHOUT_EFFECT = "0801"
    DATE_ABNORMAL = "0802"
    DATE_OTHER = "0899"
    """Here also: no arrival at that time."""
    ALREADY_PROCESSED = "0900"
    PROCESSED_OTHER = "0999"
    NOT_SUPPORTED = "1000"
    NOT_SUPPORTED_OTHER = "1099"
    INTERNAL_ERROR = "1100"
    PLATFORM_UNREACHABLE = "1101"
    ERROR_OTHER = "1199"
    BALANCE_SHORT = "1200"
    """Done, for less than ordered."""
    SHORT_OTHER = "1299"
    STOP_FAILED = "1300"
    ALREADY_STOPPED = "1301"
    ALREADY_FROZEN_AMOUNT = "1302"
    ALREADY_FROZEN_WHOLE = "1303"
    STOPS_EXHAUSTED = "1304"
    STOP_OTHER = "1399"
    POSTPONE_EXPIRED = "1800"
    POSTPONE_OTHER = "1899"
    RELEASE_EXPIRED = "1900"
    RELEASE_OTHER = "1999"


__all__ = ["ResultCode"]
