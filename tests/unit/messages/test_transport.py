"""What HTTP adds to messages: statuses, and replies that are never read without bound."""

from __future__ import annotations

import json

import pytest

from recoup.errors import MessageFault, MessageProblem
from recoup.messages.transport import PROBLEM, problem_name, status_of, whole_of


def test_every_problem_has_a_status_of_a_refusal():
    assert {status_of(problem) for problem in MessageProblem} == {400, 401, 409, 413, 422}


def test_a_reply_is_read_up_to_its_bound_and_no_further():
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"x" * 10

    assert whole_of([b"x" * 10, b"y" * 10], 20) == b"x" * 10 + b"y" * 10
    with pytest.raises(MessageFault) as found:
        whole_of(endless(), 20)
    assert found.value.problem is MessageProblem.TOO_LARGE
    assert len(read) == 3


def test_a_reply_that_never_ends_is_given_up():
    left = iter([False, False, True])
    with pytest.raises(TimeoutError):
        whole_of(iter(lambda: b"x", b""), 10**9, lambda: next(left))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (json.dumps({"type": PROBLEM + "epoch_old", "status": 409}).encode(), "epoch_old"),
        (json.dumps({"type": PROBLEM + "a" * 65}).encode(), ""),
        (json.dumps({"type": PROBLEM + "two\nlines"}).encode(), ""),
        (json.dumps({"type": "about:blank"}).encode(), ""),
        (json.dumps({"type": 1}).encode(), ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
        (b"", ""),
        (b" " * 2**15, ""),
    ],
)
def test_only_a_name_is_taken_from_a_problem_document(body, name):
    assert problem_name(body) == name
