"""Files made for one test, and what reading says of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recoup.reading import Reading, ReadingOptions, read_transfers

ZONED = ReadingOptions(timezone="Asia/Shanghai")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Write text (in an encoding) or bytes to a file of the test's own folder."""

    def write(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def read(made: Callable[..., Path]) -> Callable[..., Reading]:
    """Write one file and read it, in Shanghai unless other options are given."""

    def one(
        content: str | bytes,
        name: str = "in.csv",
        options: ReadingOptions = ZONED,
        encoding: str = "utf-8",
    ) -> Reading:
        return read_transfers([made(name, content, encoding)], options)

    return one
