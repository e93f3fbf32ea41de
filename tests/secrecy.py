"""Looking for secrets in everything that hangs on an error."""

import copy
import gc
import pickle
import traceback
import types
from collections.abc import Sequence


def assert_clean(error: BaseException, secrets: Sequence[str], library: str) -> None:
    """Find neither a secret nor an object of the library below on an error, its causes and its contexts."""
    shown = _shown(error)
    reachable = [item.encode() if isinstance(item, str) else item for item in _reachable(error)]
    texts = b"\n".join(item for item in reachable if isinstance(item, bytes | bytearray))
    for secret in secrets:
        assert secret not in shown
        assert secret.encode() not in texts
    assert not [item for item in reachable if type(item).__module__.startswith(library)]


def _shown(error: BaseException) -> str:
    """Give all that a log, a debugger of errors or another process gets to see."""
    kept = copy.copy(error)
    kept.__traceback__ = None
    texts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    return "\n".join(texts) + pickle.dumps(kept, 0).decode("latin-1")


def _reachable(error: BaseException) -> list[object]:
    """Walk over everything that hangs on an error, its causes and contexts among it, but for frames."""
    seen: dict[int, object] = {}
    ahead: list[object] = [error]
    passed_over = (types.TracebackType, types.FrameType, types.ModuleType, types.FunctionType, type)
    while ahead:
        found = ahead.pop()
        if id(found) in seen or isinstance(found, passed_over):
            continue
        seen[id(found)] = found
        if isinstance(found, BaseException):
            ahead += [found.__cause__, found.__context__, found.args, vars(found)]
        else:
            ahead += gc.get_referents(found)
        assert len(seen) < 10_000, "the error hangs on half the program"
    return [*seen.values()]
