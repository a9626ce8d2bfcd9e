"""Centre, bank agent and watch together: the holder hears of a measure and of its end by itself, and the centre knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from watched import BANK, MULE, Watched

from recoup.staff import Role


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        found = Watched(tmp_path, stack)
        found.bureau.hire("cy", (Role.CASE_LEAD, "gd"))
        yield found
        found.bureau.close()
        found.store.close()


def done(watched: Watched, path: str, by: str, body: dict[str, Any]) -> dict[str, Any]:
    found = watched.bureau.post(path, body, by)
    assert found.status_code == 200, found.text
    return found.json()


def shown(watched: Watched, measure: str) -> dict[str, Any]:
    found = watched.bureau.get(f"/measures/{measure}", "ann")
    assert found.status_code == 200, found.text
    return found.json()


def test_the_holder_hears_of_beginning_and_end_and_nobody_enters_it(watched: Watched) -> None:
    link = watched.connect()
    link.poll()
    body = {
        "unit": "gd",
        "account": {"kind": "account", "institution": BANK, "number": MULE},
        "currency": "CNY",
        "kind": "re_verify",
        "ground": "identity",
        "about": "document-expired",
        "reason": "the document is out of date",
    }
    measure = done(watched, "/measures", "ann", body)["measure"]
    assert shown(watched, measure)["told_at"] is None
    link.poll()
    link.post()
    (told,) = watched.core.boxes[MULE]
    assert measure in told
    assert "Centre" in told
    assert "000" in told
    began = shown(watched, measure)
    assert began["told_at"] is not None

    # A centre that starts anew tells the whole chain again: the end that came meanwhile is seen by what is not in it.
    tokens = watched.bureau.tokens
    watched.restart_centre()
    watched.bureau.tokens = tokens
    watched.clock.move(timedelta(minutes=1))
    done(watched, f"/measures/{measure}/lift", "cy", {"reason": "the papers are in order"})
    assert shown(watched, measure)["told_at"] == began["told_at"]
    link = watched.connect()
    for _ in range(2):
        link.poll()
        link.post()
    assert len(watched.core.boxes[MULE]) == 2
    ended = shown(watched, measure)
    assert ended["state"] == "lifted"
    assert ended["told_at"] > began["told_at"], "of its end as well"
