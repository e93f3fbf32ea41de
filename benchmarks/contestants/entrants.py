"""All contestants, in the order in which they are measured."""

from .contestant import Contestant
from .coroutines import Coroutine
from .programs import Program, locate_wget2, prepare_aria2, prepare_curl, prepare_wget2

REFERENCE = "bare aiohttp loop"
OURS = "tele2ats_async"

_TWO = {"processes": 2}

ENTRANTS: tuple[Contestant, ...] = (
    Coroutine(name=REFERENCE, module="bare_aiohttp"),
    Coroutine(name=OURS, module="ours"),
    Coroutine(name=f"{OURS}, borrowed client", module="ours_borrowing"),
    Coroutine(name=f"{OURS} processes=2", module="ours", settings=_TWO),
    Coroutine(name=f"{OURS}, uvloop", module="ours", needs=("uvloop",)),
    Coroutine(name=f"{OURS} processes=2, uvloop", module="ours", needs=("uvloop",), settings=_TWO),
    Program("curl --parallel", "curl", prepare_curl),
    Program("aria2c", "aria2c", prepare_aria2),
    Program("wget2", "wget2", prepare_wget2, locate_wget2),
    Coroutine(name="parfive", module="with_parfive", needs=("parfive",)),
    Coroutine(name="httpx loop", module="bare_httpx", needs=("httpx",)),
)
