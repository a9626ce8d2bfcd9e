"""Each problem of the list, met as a client meets it; and bodies that nobody should send."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from bureau import Bureau, drafted
from rights import expected

from recoup import cases, limits
from recoup.api.guard import depth
from recoup.api.problems import MEDIA_TYPE, PROBLEMS, TYPE, document
from recoup.api.rates import Rate
from recoup.cases import Reason as CaseReason
from recoup.centre.commands import Turned, Unknown, WriterRefusal
from recoup.centre.desk import Desk
from recoup.messages.transport import SIGNED
from recoup.orders import Reason
from recoup.staff import Action, Role, Scope, StaffReason

ROOT = Path(__file__).parents[3]
HEADERS = {"Content-Type": "application/json"}
UNIT = {"id": "x", "level": "city", "parent": "gd"}


def name_of(answer) -> str:  # type: ignore[no-untyped-def]
    """Return the problem's name, after a look at the form that all have."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    body = answer.json()
    name = body["type"].removeprefix(TYPE)
    assert (answer.status_code, body["title"]) == PROBLEMS[name]
    assert body["status"] == answer.status_code
    return name


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """A bureau with an officer, a case and an account."""
    bureau.hire("ann", (Role.CASE_LEAD, "gd"))
    bureau.place("C1", "gd", "ann")
    bureau.ids["account"] = bureau.account("C1", "ann")
    return bureau


def raw(bureau: Bureau, body: bytes, path: str = "/units", **more: str):  # type: ignore[no-untyped-def]
    headers = {"Idempotency-Key": "raw-body-1", **bureau._as("root"), **HEADERS, **more}
    return bureau.client.post(path, content=body, headers=headers)


def padded(size: int) -> bytes:
    return json.dumps(UNIT).encode().ljust(size)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "request_malformed"),
        (b"{", "body_not_json"),
        (b"\xff\xfe", "body_not_json"),
        (b'{"id": "\\ud800", "parent": "gd"}', "body_not_json"),
        (b'{"case": NaN}', "body_not_json"),
        (b'{"case": 1e999}', "body_not_json"),
        (b'{"case": ' + b"9" * 5000 + b"}", "body_not_json"),
        (b'{"id": "x", "level": "city", "parent": "gd", "id": "y"}', "body_ambiguous"),
        (b'{"id": "x", "level": "city", "parent": "gd", "\\u0069d": "y"}', "body_ambiguous"),
        (b'{"id": {"a": 1, "a": 1}, "level": "city", "parent": "gd"}', "body_ambiguous"),
        (b'[{"id": "x"}, {"id": "x"}]', "request_malformed"),
        (b"[" * 100_000, "body_too_deep"),
        (b'{"a":' * limits.HTTP_DEPTH_MAX + b"[]" + b"}" * limits.HTTP_DEPTH_MAX, "body_too_deep"),
        (padded(limits.HTTP_BODY_BYTES_MAX + 1), "body_too_large"),
        (b"null", "request_malformed"),
        (b'"text"', "request_malformed"),
        (b'{"id": 17, "level": "city", "parent": "gd"}', "request_malformed"),
        (b'{"id": "x", "level": "city", "parent": "gd", "more": 1}', "request_malformed"),
        (b'{"id": "x\\n", "level": "city", "parent": "gd"}', "request_malformed"),
        (b'{"id": "x"}', "request_malformed"),
    ],
)
def test_a_bad_body_is_refused_by_its_name(desk: Bureau, body: bytes, name: str) -> None:
    last = desk.desk.last()
    assert name_of(raw(desk, body)) == name
    assert desk.records_of_persons(last) == []


def test_a_body_at_the_limits_is_taken(desk: Bureau) -> None:
    assert raw(desk, padded(limits.HTTP_BODY_BYTES_MAX)).status_code == 200
    at = limits.HTTP_DEPTH_MAX
    deep = b'{"a":' * (at - 1) + b"[]" + b"}" * (at - 1)
    assert depth(deep) == at
    assert name_of(raw(desk, deep)) == "request_malformed"
    assert depth(b'{"a": "[[[\\"[[["}') == 1, "brackets in a text are no depth"


def test_a_body_without_a_length_is_bounded_as_well(desk: Bureau) -> None:
    def parts():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b" " * 2**16

    headers = {"Idempotency-Key": "chunked-1", **desk._as("root"), **HEADERS}
    answer = desk.client.post("/units", content=parts(), headers=headers)
    assert name_of(answer) == "body_too_large"


def test_each_problem_of_the_way_in_is_met(desk: Bureau) -> None:
    met = {
        "media_type_unsupported": raw(desk, b"{}", **{"Content-Type": "text/plain"}),
        "not_found": desk.get("/nowhere"),
        "method_not_allowed": desk.client.put("/me"),
        "login_needed": desk.get("/me"),
        "account_unknown": desk.post("/orders", drafted("C1", "a-none"), "ann"),
        "currency_unknown": desk.post(
            "/orders", drafted("C1", desk.ids["account"], currency="XYZ"), "ann"
        ),
        "amount_unfit": desk.post(
            "/orders", drafted("C1", desk.ids["account"], amount="1.001"), "ann"
        ),
        "case_unknown": desk.post(
            "/readings",
            {"account": "a", "field": "account_name", "case": "C9", "reason": "r"},
            "ann",
        ),
        "purpose_missing": desk.get("/orders", "ann", case="C1"),
        "cursor_invalid": desk.get("/orders", "ann", case="C1", reason="r", cursor="AAAA"),
        "order_unknown": desk.post("/orders/none/submit", {}, "ann"),
    }
    met["case_unknown"] = desk.get("/units/nowhere/duties", "root")
    expected = {name: name for name in met} | {"case_unknown": "unit_unknown"}
    assert {name: name_of(answer) for name, answer in met.items()} == expected
    assert met["method_not_allowed"].headers["allow"] == "GET"
    assert met["login_needed"].headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("refusal", WriterRefusal)
def test_what_the_writer_refuses_is_told(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch, refusal: WriterRefusal
) -> None:
    async def submit(_: Desk, __: object) -> Turned:
        return Turned(refusal.value, "", refusal.is_transient)

    monkeypatch.setattr(Desk, "submit", submit)
    answer = desk.post("/units", UNIT, "root")
    assert answer.status_code == (503 if refusal.is_transient else 409)
    assert ("retry-after" in answer.headers) is refusal.is_transient
    name_of(answer)


def test_an_unknown_outcome_and_a_mistake_of_ours_are_told_without_detail(
    desk: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_: Desk, __: object) -> Unknown:
        return Unknown()

    async def broken(_: Desk, __: object) -> Unknown:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Desk, "submit", lost)
    assert name_of(desk.post("/units", UNIT, "root")) == "outcome_unknown"
    monkeypatch.setattr(Desk, "submit", broken)
    answer = desk.post("/units", UNIT, "root")
    assert name_of(answer) == "internal"
    assert "secret" not in answer.text


def test_too_many_requests_are_turned_away_for_a_while(desk: Bureau) -> None:
    now = [0.0]
    desk.app.state.house.calls = Rate(2, lambda: now[0])
    assert [desk.get("/me", "ann").status_code for _ in range(3)] == [200, 200, 429]
    assert desk.get("/me", "root").status_code == 200, "each session for itself"
    now[0] = 30.0
    assert [desk.get("/me", "ann").status_code for _ in range(2)] == [200, 429]
    desk.app.state.house.logins = Rate(1, lambda: now[0])
    desk.clock.move(timedelta(seconds=30))
    assert [desk.try_login("ann").status_code for _ in range(2)] == [200, 429]


def test_a_key_is_needed_for_every_post(desk: Bureau) -> None:
    posts = {path: x["post"] for path, x in desk.app.openapi()["paths"].items() if "post" in x}
    signed = "/institutions/{institution}/answers"
    assert SIGNED in posts.pop(signed)["requestBody"]["content"], "its message has an id"
    paths = list(posts)
    for path in paths:
        headers = desk._as("root")
        if path in {"/imports", "/leads/import"}:
            headers |= {"Content-Type": "text/csv"}
        if path == "/orders/{order}/scans":
            headers |= {"Content-Type": "image/png"}
        answer = desk.client.post(path, content=b"{}", headers=HEADERS | headers)
        assert name_of(answer) == "request_malformed"
        places = {place["where"] for place in answer.json()["places"]}
        assert "header/Idempotency-Key" in places, path


def test_pages_go_on_under_their_cursor_and_under_no_other(desk: Bureau) -> None:
    accounts = [desk.account("C1", "ann", f"6222{n:08d}") for n in range(5)]
    made = [desk.draft("C1", account, "ann") for account in accounts]
    desk.place("C2", "gd", "ann")
    seen: list[str] = []
    params = {"case": "C1", "reason": "r", "limit": 2}
    cursor: dict[str, str] = {}
    while True:
        page = desk.get("/orders", "ann", **params, **cursor).json()
        seen += [order["id"] for order in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        other = desk.get("/orders", "ann", **(params | {"case": "C2"}), **cursor)
        assert name_of(other) == "cursor_invalid"
    assert seen == made
    assert desk.get("/orders", "ann", **(params | {"limit": 201})).status_code == 422


def test_every_refusal_of_a_room_is_a_problem_with_a_status() -> None:
    for reason in (*Reason, *StaffReason, *CaseReason):
        status, title = PROBLEMS[reason.value]
        assert status in {401, 403, 404, 409}, reason
        assert title
    assert not {x.value for x in (*Reason, *cases.Reason)} & {x.value for x in StaffReason}
    for name, (status, _) in PROBLEMS.items():
        assert document(name).status_code == status


def test_the_page_of_problems_lists_all_of_them() -> None:
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    rows = {
        tuple(cell.strip(" `") for cell in line.split("|")[1:3])
        for line in text.splitlines()
        if line.startswith("| `")
    }
    listed = {(name, status) for name, status in rows if status.isdigit()}
    assert listed == {(name, str(status)) for name, (status, _) in PROBLEMS.items()}


def test_the_page_shows_the_table_of_rights() -> None:
    """Each cell of the page against the tests' own grid."""
    words = {
        "-": Scope.NONE,
        "own": Scope.OWN,
        "unit": Scope.UNIT,
        "below": Scope.UNIT_AND_BELOW,
        "own institution": Scope.OWN_INSTITUTION,
        "all": Scope.ALL,
    }
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    table = text[text.index("| action | call taker") :].split("\n\n")[0].splitlines()
    columns = [column.split(", ") for column in _cells(table[0])[1:]]
    roles = [[_role(column, name) for name in column] for column in columns]
    assert [role for column in roles for role in column] == list(Role)
    seen: set[Action] = set()
    for line in table[2:]:
        name, *scopes = _cells(line)
        for action in PAGE_ACTIONS[name]:
            seen.add(action)
            for column, scope in zip(roles, scopes, strict=True):
                for role in column:
                    assert expected()[role, action] is words[scope], (action, role)
    assert seen == set(Action)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _role(column: list[str], name: str) -> Role:
    """Return a role of a heading such as `bank operator, approver`."""
    first = column[0].split()[0]
    is_second = name != column[0] and first == "bank"
    return Role(f"{first}_{name}" if is_second else name.replace(" ", "_"))


_A = Action
PAGE_ACTIONS = {
    "take a report, enter an account, draft an order": {
        _A.REPORT_TAKE,
        _A.ACCOUNT_ENTER,
        _A.ORDER_DRAFT,
    },
    "submit, issue, withdraw an order": {_A.ORDER_SUBMIT, _A.ORDER_ISSUE, _A.ORDER_WITHDRAW},
    "approve, send back an order": {_A.ORDER_APPROVE, _A.ORDER_SEND_BACK},
    "admit or reject a claim": {_A.CLAIM_SETTLE},
    "withdraw a claim, note what came back or a harm, propose a mandate, a finding or a motion,"
    " keep a foreign answer": {
        _A.CLAIM_WITHDRAW,
        _A.REPAID_NOTE,
        _A.HARM_NOTE,
        _A.MANDATE_PROPOSE,
        _A.FINDING_PROPOSE,
        _A.MOTION_MAKE,
        _A.FOREIGN_NOTE,
    },
    "agree to a mandate, a finding or a motion": {
        _A.MANDATE_AGREE,
        _A.FINDING_SETTLE,
        _A.MOTION_SETTLE,
    },
    "agree to a motion for hardship": {_A.HARDSHIP_SETTLE},
    "revoke a mandate": {_A.MANDATE_REVOKE},
    "keep an opinion, note that a holder was told": {_A.OPINION_NOTE, _A.NOTICE_SEND},
    "take in an appeal, or that it is taken back": {_A.APPEAL_FILE},
    "decide an appeal": {_A.APPEAL_SETTLE},
    "read what people wrote in a case": {_A.TEXT_READ},
    "read orders of a case, a case, its plan": {_A.ORDER_READ, _A.CASE_READ},
    "see what waits for a person": {_A.WORKLIST_READ},
    "read a number or a name": {_A.PERSONAL_READ},
    "read an institution's orders": {_A.INBOX_READ},
    "print an order on paper": {_A.PAPER_PRINT},
    "hand paper over, upload, type and confirm its answer sheet": {
        _A.PAPER_HAND_OVER,
        _A.ANSWER_TYPE,
        _A.ANSWER_CONFIRM,
    },
    "read a scan of an answer sheet": {_A.SCAN_READ},
    "figures": {_A.FIGURES_READ},
    "stream of events": {_A.STREAM_READ},
    "see duties": {_A.DUTY_READ},
    "assign duty, end it": {_A.DUTY_ASSIGN},
    "name an acting approver, end that": {_A.ACTING_NAME},
    "hand a shift over": {_A.SHIFT_HAND_OVER},
    "log an escalation": {_A.ESCALATION_LOG},
    "offer a case to another unit": {_A.HANDOVER_OFFER},
    "take over or decline a case that was offered to the unit": {_A.HANDOVER_SETTLE},
    "import reports and registers": {_A.IMPORT},
    "list a subject": {_A.LIST_ADD},
    "agree to an entry": {_A.LIST_AGREE},
    "take an entry off": {_A.LIST_WITHDRAW},
    "see a case's entries": {_A.LIST_READ},
    "check a subject or a payment": {_A.LIST_CHECK},
    "begin to give money back, take an application or an objection in": {_A.RETURN_APPLY},
    "look at an applicant's paper, prepare a plan, a notice, another account": {
        _A.RETURN_CHECK,
        _A.RETURN_PREPARE,
    },
    "agree to a plan, decide an objection and who gets what": {_A.RETURN_APPROVE},
    "serve a victim: a code, a letter": {Action.COUNTER_SERVE},
    "propose a measure of an account": {_A.MEASURE_PROPOSE},
    "agree to a measure": {_A.MEASURE_AGREE},
    "lift a measure": {_A.MEASURE_LIFT},
    "confirm a measure, note that a holder was verified": {_A.MEASURE_CONFIRM, _A.HOLDER_VERIFY},
    "see measures": {_A.MEASURE_READ},
    "take a lead in, speak to a payer": {_A.LEAD_TAKE, _A.DISSUADE},
    "see dissuasions": {_A.DISSUASION_READ},
    "see appeals against a watch": {_A.APPEAL_READ},
    "see staff": {_A.STAFF_READ},
    "units, persons, roles, enrolment": {
        _A.UNIT_ADD,
        _A.PERSON_ADD,
        _A.PERSON_SUSPEND,
        _A.ENROLMENT_OFFER,
        _A.ROLE_GRANT,
        _A.ROLE_REVOKE,
    },
}
