"""How much memory this process took at its largest."""

import re
import sys
from pathlib import Path

_KIB = 1024


def peak_memory_bytes() -> int:
    """Give the largest resident size of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage(): a child begins there with the size of its parent.
        match = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="utf-8"), re.MULTILINE)
        assert match is not None  # noqa: S101  # every process has one
        return int(match[1]) * _KIB
    import resource  # noqa: PLC0415  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB
