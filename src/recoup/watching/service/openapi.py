"""The description of the service by OpenAPI 3.1: written by hand beside the types, compared with them by tests."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from recoup import limits
from recoup._version import __version__
from recoup.care.limits import DECISION_TEXT_CHARS_MAX
from recoup.records.kinds import KINDS
from recoup.watch.stream import How
from recoup.watching.became import PaymentState
from recoup.watching.service import arrow, pacs, problems
from recoup.watching.service.port import CHANNELS, DECISIONS

_ID: Final = {"type": "string", "minLength": 1, "maxLength": limits.ID_BYTES_MAX}
_ACCOUNT: Final = {"type": "string", "maxLength": limits.ID_BYTES_MAX}
_PAYMENT: Final = {
    "type": "object",
    "required": ["id", "amount", "currency", "time"],
    "additionalProperties": False,
    "properties": {
        "id": {
            **_ID,
            "description": "Of the payment; the same id and content get the same answer.",
        },
        "payer": {**_ACCOUNT, "default": "", "description": "Empty: the outside."},
        "payee": {**_ACCOUNT, "default": "", "description": "Empty: the outside."},
        "amount": {
            "type": "string",
            "maxLength": limits.WATCH_AMOUNT_CHARS_MAX,
            "description": "Decimal text.",
            "examples": ["12.50"],
        },
        "currency": {"type": "string", "examples": ["CNY"]},
        "time": {"type": "string", "format": "date-time"},
        "kind": {"type": "string", "enum": ["", *KINDS], "default": ""},
        "channel": {
            "enum": list(CHANNELS),
            "default": "",
            "description": "Where it was made; empty is not known, which is not the counter.",
        },
    },
}
_REASON: Final = {
    "type": "object",
    "required": ["code", "en", "zh"],
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("code", "en", "zh")},
}
_REMEDY: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("en", "zh")},
}
_DECISION: Final = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "decision": {"enum": list(DECISIONS), "description": "Missing: the payment was refused."},
        "is_scored": {
            "type": "boolean",
            "default": True,
            "description": "False: scoring was left out because it was late; orders were enforced.",
        },
        "score": {"type": ["number", "null"], "default": None},
        "is_repeat": {"type": "boolean", "default": False},
        "expires_at": {"type": "string", "default": ""},
        "reasons": {"type": "array", "items": _REASON, "default": []},
        "remedy": {
            **_REMEDY,
            "default": {},
            "description": "What the account holder is told: until when, and what can be done.",
        },
        "refusal": {"enum": ["", *problems.OF_PAYMENTS], "default": ""},
        "field": {"type": "string", "default": ""},
    },
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": [problems.TYPE + name for name in problems.PROBLEMS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
    },
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _many(name: str, items: dict[str, Any], maximum: int) -> dict[str, Any]:
    rows = {"type": "array", "items": items, "maxItems": maximum}
    return {
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: rows},
    }


def _post(
    summary: str,
    body: dict[str, Any] | None,
    answer: dict[str, Any],
    statuses: tuple[int, ...],
    status: str = "200",
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": summary,
        "responses": {
            status: {"description": "The answer", "content": answer},
            **{str(one): {"$ref": "#/components/responses/Problem"} for one in statuses},
        },
        "security": [{}, {"token": []}],
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": body}
    return {"post": found}


def _get(summary: str, media: str, statuses: tuple[int, ...] = ()) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": "The answer", "content": {media: {}}}}
    responses |= {str(one): {"$ref": "#/components/responses/Problem"} for one in statuses}
    return {"get": {"summary": summary, "responses": responses}}


_ENDED: Final = _json(
    {
        "type": "object",
        "required": ["id", "outcome"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string"},
            "outcome": {"enum": [one.value for one in How if one is not How.LAPSED]},
        },
    }
)
_OBJECTION: Final = {
    "type": "object",
    "required": ["id", "statement"],
    "additionalProperties": False,
    "properties": {
        "id": {**_ID, "description": "Number of the decision, which is its payment's."},
        "statement": {
            "type": "string",
            "minLength": 1,
            "maxLength": DECISION_TEXT_CHARS_MAX,
            "description": "What the holder says.",
        },
    },
}
_BOUND: Final = {
    "type": "object",
    "required": ["kind", "about"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": ["order", "caught", "measure"]},
        "about": {"type": "string", "description": "The case, or the measure."},
    },
}
_APPEALED: Final = {
    "type": "object",
    "required": ["id", "state", "payment"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "state": {
            "enum": ["filed", "upheld", "dismissed", "declined"],
            "description": "Of the appeal. `upheld` is no leave to pay: `payment` says what came of it.",
        },
        "reason": {"type": "string", "description": "Why the centre did not take it: `declined`."},
        "payment": {
            "type": "object",
            "required": ["state"],
            "additionalProperties": False,
            "properties": {
                "state": {
                    "enum": [one.value for one in PaymentState],
                    "description": "Only `released` says that what waited is to be paid, once.",
                },
                "at": {"type": "string", "format": "date-time"},
                "until": {"type": "string", "format": "date-time"},
                "bound_by": {"type": "array", "items": _BOUND, "description": "What stopped it."},
            },
        },
    },
}
_USUAL: Final = (400, 401, 413, 415, 503)


def _appeals() -> dict[str, Any]:
    what = "Pass a holder's objection to a decision on to the centre"
    return _post(what, _json(_OBJECTION), _json(_APPEALED), (*_USUAL, 403, 404, 409, 422))


def described() -> dict[str, Any]:
    """Return the description."""
    payments = _many("payments", _ref("Payment"), limits.WATCH_BATCH_ROWS_MAX)
    accounts = _many("accounts", {"type": "string"}, limits.WATCH_CHECK_ACCOUNTS_MAX)
    listed = {
        "type": "object",
        "required": ["account", "lists", "is_bound"],
        "properties": {
            "account": {"type": "string"},
            "lists": {"type": "array", "items": {"type": "string"}},
            "is_bound": {"type": "boolean"},
        },
    }
    digest = _one("digest")
    versions = _one("versions", {"type": "object", "additionalProperties": {"type": "string"}})
    stream: dict[str, Any] = {arrow.MEDIA_TYPE: {}}
    xml: dict[str, Any] = {pacs.MEDIA_TYPE: {}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Recoup watch", "version": __version__},
        "paths": {
            "/v1/decisions": _post(
                "Decide one payment, or a batch",
                _json({"oneOf": [_ref("Payment"), payments]}),
                _json({"oneOf": [_ref("Decision"), _many("decisions", _ref("Decision"), 10_000)]}),
                (*_USUAL, 409, 422),
            ),
            "/v1/decisions.arrow": _post("Decide an Arrow stream", stream, stream, _USUAL),
            "/v1/pacs008": _post("Decide the transactions of a pacs.008", xml, xml, _USUAL),
            "/v1/lists/check": _post(
                "Say which lists accounts are on",
                _json(accounts),
                _json(_many("accounts", listed, limits.WATCH_CHECK_ACCOUNTS_MAX)),
                _USUAL,
            ),
            "/v1/waiting/release": _post(
                "Let a payment go on that waits", _json(_one("id")), _ENDED, (*_USUAL, 403, 422)
            ),
            "/v1/waiting/cancel": _post(
                "Take back a payment that waits", _json(_one("id")), _ENDED, (*_USUAL, 422)
            ),
            "/v1/appeals": _appeals(),
            "/v1/configuration": _post(
                "Put forward what the files say now", None, _json(digest), (401, 403, 422), "202"
            ),
            "/v1/configuration/approval": _post(
                "Approve what another operator put forward",
                _json(digest),
                _json(versions),
                (400, 401, 403, 409, 422, 503),
            ),
            "/healthz": _get("Whether the process lives", "text/plain"),
            "/readyz": _get("Whether payments are taken", "text/plain", (503,)),
            "/metrics": _get("Figures for Prometheus", "text/plain"),
            "/openapi.json": _get("This description", "application/json"),
        },
        "components": {
            "schemas": {"Payment": _PAYMENT, "Decision": _DECISION, "Problem": _PROBLEM},
            "responses": {
                "Problem": {
                    "description": "A problem document of RFC 9457",
                    "content": {problems.MEDIA_TYPE: {"schema": _ref("Problem")}},
                }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _one(name: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: schema or {"type": "string"}},
    }


def document() -> bytes:
    """Return the description as JSON."""
    return msgspec.json.encode(described())


__all__ = ["described", "document"]
