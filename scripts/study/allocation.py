"""How the C library hands out memory."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # mallopt(3)


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, for its next arrays; where there is no glibc nothing changes.

    Layers of a network make arrays of many megabytes that live for milliseconds. glibc gives each of them back to the
    system, which then clears every page anew for the next: up to a third of the time of a transform.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, -1)
