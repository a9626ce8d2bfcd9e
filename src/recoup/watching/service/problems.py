"""Problem documents of RFC 9457: the whole list of what `recoup watch serve` refuses, and how each is told.

Names are stable: they stand in `type` as `urn:recoup:problem:NAME`, in rows of a batch as `refusal`, and in the documentation.
Nothing of a payment is repeated in a problem but the place and the name of the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

TYPE: Final = "urn:recoup:problem:"
MEDIA_TYPE: Final = "application/problem+json"

OF_PAYMENTS: Final[Mapping[str, tuple[int, str]]] = {
    "payment_id_missing": (422, "A payment needs an id of its own"),
    "payment_id_too_long": (422, "The id is longer than is kept"),
    "payment_id_unfit": (422, "The id has characters that cannot be printed, or too many"),
    "text_unfit": (422, "A text has characters that cannot be printed, or too many"),
    "payment_id_taken": (409, "Another payment was decided under this id"),
    "account_too_long": (422, "The account's name is longer than is kept"),
    "accounts_missing": (422, "A payment needs a payer or a payee"),
    "amount_unreadable": (422, "Expected a decimal number as text"),
    "amount_not_positive": (422, "Expected an amount above zero"),
    "amount_too_fine": (422, "The amount has more decimals than its currency"),
    "amount_too_large": (422, "The amount is larger than any payment"),
    "sum_too_large": (422, "All money that ever passed the account would be more than is counted"),
    "currency_unknown": (422, "The currency is not known"),
    "kind_unknown": (422, "The kind of payment is not known"),
    "channel_unknown": (422, "The channel is neither counter nor remote"),
    "same_account": (422, "Payer and payee are one account"),
    "time_unfit": (422, "The instant lies outside of what is counted"),
    "time_late": (422, "The payment is older than the stream allows"),
    "time_ahead": (422, "The payment is further ahead than the stream allows"),
    "accounts_too_many": (503, "No room is left for new accounts"),
}
"""Refusals of one payment: name, status, title. In a batch they stand in the payment's own row."""

_OF_REQUESTS: Final[Mapping[str, tuple[int, str]]] = {
    "body_unreadable": (400, "The body is not what this address takes"),
    "body_ambiguous": (400, "A name stands twice in an object of the body"),
    "body_too_large": (413, "The body is larger than is taken"),
    "batch_too_long": (413, "The batch has more payments than one request may have"),
    "message_unreadable": (400, "The body is no pacs.008 that is taken"),
    "arrow_unreadable": (400, "The body is no Arrow stream of payments"),
    "media_type_unknown": (415, "The body's media type is not taken here"),
    "not_found": (404, "Nothing has this address"),
    "method_not_allowed": (405, "The address does not take this method"),
    "caller_unknown": (401, "The token is missing or not known"),
    "not_operator": (403, "The caller is no operator"),
    "second_person_needed": (409, "What one person put forward another must approve"),
    "approval_stale": (409, "What was put forward is not what stands there now"),
    "configuration_unfit": (422, "The configuration cannot be used; the former one stays"),
    "queue_full": (503, "Too many payments wait; send the same again"),
    "statement_unfit": (422, "Expected the holder's words, and no more of them than are kept"),
    "decision_unknown": (404, "No decision of this number is remembered"),
    "decision_not_appealable": (409, "Nothing was decided here that a holder could object to"),
    "decision_appealed": (409, "Another objection to this decision was passed on before"),
    "appeals_unaddressed": (409, "No unit of a centre takes appeals from here"),
    "not_ready": (503, "The service is starting, stopping, or cannot write its log"),
    "internal": (500, "A mistake of the program; it was written down"),
}

PROBLEMS: Final[Mapping[str, tuple[int, str]]] = {**_OF_REQUESTS, **OF_PAYMENTS}
"""Name, then status and title."""


class ProblemError(Exception):
    """Ends a request with a problem document. Raised inside the service only."""

    def __init__(self, name: str, detail: str = "", field: str = "") -> None:
        assert name in PROBLEMS, f"{name} is no problem of the list"
        self.name, self.detail, self.field = name, detail, field
        super().__init__(name)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.name][0]

    def document(self) -> bytes:
        """Return the problem document."""
        status, title = PROBLEMS[self.name]
        body: dict[str, object] = {"type": TYPE + self.name, "title": title, "status": status}
        if self.detail:
            body["detail"] = self.detail
        if self.field:
            body["field"] = self.field
        return msgspec.json.encode(body)


__all__ = ["MEDIA_TYPE", "OF_PAYMENTS", "PROBLEMS", "TYPE", "ProblemError"]
