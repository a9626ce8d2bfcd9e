"""Large tables that kernels read at random, laid out in large pages where the system offers them. Holds no data of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def cleared(count: int, dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Return `count` zeroed records; O(count).

    numpy asks the system for large pages when it makes an empty array, not when it makes a zeroed one; with small pages most
    random reads of a table of some megabytes also miss the processor's table of pages.
    """
    table = np.empty(count, dtype)
    table.view(np.uint8).fill(0)
    return table


__all__ = ["cleared"]
