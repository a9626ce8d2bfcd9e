"""A bureau for the tests of the API, its log kept quiet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from bureau import Bureau

from recoup.api import set_up_logs


@pytest.fixture
def log() -> io.StringIO:
    """Everything that is logged."""
    stream = io.StringIO()
    set_up_logs(stream)
    return stream


@pytest.fixture
def bureau(tmp_path: Path, log: io.StringIO) -> Iterator[Bureau]:
    """A bureau with an administrator; the log is in `log`."""
    assert log.getvalue() == ""
    found = Bureau(tmp_path)
    found.set_up()
    yield found
    found.close()
