"""Looks at an uploaded scan of an answer sheet: of which form it is, how many pages it has, which codes stand on it.

What is damaged, disguised, active or beyond bounds is refused by its name. Decoders run in a process of their own with bounded
memory and time (`scan_worker`), because a scan comes from outside. What is on the scan is read by persons, not here.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Final

from recoup import limits
from recoup.errors import ScanFault, ScanProblem
from recoup.paper import scan_worker
from recoup.paper.forms import form_of

_slots: Final = threading.BoundedSemaphore(limits.SCANS_AT_ONCE_MAX)
_MEANS: Final = {
    ScanProblem.DAMAGED: "expected a scan that can be shown whole",
    ScanProblem.TOO_LARGE: (
        f"expected at most {limits.SCAN_PAGES_MAX} pages and {limits.SCAN_POINTS_MAX} points"
    ),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What a scan is, and what the codes on it say."""

    media: str
    pages: int
    codes: tuple[bytes, ...]


def look_at(data: bytes, said: str) -> Looked:
    """Return what a scan is; `said` is its media type. Takes about a second, so not in a thread that others wait for.

    Raises:
        ScanFault: it is not kept, and why.
    """
    if len(data) > limits.SCAN_BYTES_MAX:
        raise ScanFault(ScanProblem.TOO_LARGE, f"expected at most {limits.SCAN_BYTES_MAX} bytes")
    form = form_of(data, said)
    bounds = (str(limits.SCAN_POINTS_MAX), str(limits.SCAN_PAGES_MAX))
    with _slots:
        try:
            done = subprocess.run(  # noqa: S603 (our own module, by our own interpreter)
                [sys.executable, "-P", scan_worker.__file__, form, *bounds],
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=limits.SCAN_SECONDS_MAX,
                check=False,
                # No secret of the centre's own environment reaches a decoder.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
            )
        except subprocess.TimeoutExpired as fault:
            raise ScanFault(ScanProblem.TOO_LARGE, "it took too long to look at") from fault
    if done.returncode:  # the decoder itself was ended by it
        raise ScanFault(ScanProblem.DAMAGED, _MEANS[ScanProblem.DAMAGED])
    answer = json.loads(done.stdout)
    if "problem" in answer:
        problem = ScanProblem(answer["problem"])
        raise ScanFault(problem, _MEANS.get(problem, ""))
    codes = tuple(base64.b64decode(code) for code in answer["codes"])
    return Looked(form, answer["pages"], codes)


__all__ = ["Looked", "look_at"]
