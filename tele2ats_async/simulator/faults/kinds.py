"""One of every kind of fault, for tests that mean to meet them all."""

from typing import get_args

from .bodies import CutBody, GzipAnyway, StallBody, Trickle, WrongLength
from .connections import DelayFirstByte, Refuse, Vanish
from .fault import AnswerFault, RequestFault
from .monitoring import Flicker
from .pages import RepeatPage, ShiftPages
from .ranges import IgnoreRange, WrongRange, WrongRangeKind
from .recordings import ChangeRecording, ExpireToken, NotReadyYet
from .sending import Framing
from .statuses import ComeBackLater, HtmlPage, RefuseByGateway, ServerErrors

ALL_KINDS: tuple[RequestFault | AnswerFault, ...] = (
    Refuse(),
    Vanish(),
    DelayFirstByte(0.2),
    ServerErrors(),
    ServerErrors(status=502, burst=2),
    ComeBackLater(),
    ComeBackLater(status=503, retry_after=1),
    ComeBackLater(status=429, retry_after=1, as_date=True),
    RefuseByGateway(),
    HtmlPage(),
    *(CutBody(framing=framing) for framing in get_args(Framing)),
    StallBody(),
    WrongLength(by=100),
    WrongLength(by=-100),
    Trickle(bytes_per_s=100_000),
    GzipAnyway(),
    NotReadyYet(times=1),
    NotReadyYet(seconds=0.2),
    ChangeRecording(),
    ExpireToken(),
    IgnoreRange(),
    *(WrongRange(kind=kind) for kind in get_args(WrongRangeKind)),
    ShiftPages(),
    RepeatPage(),
    Flicker(),
    Flicker(calls=1),
)
"""Example values: every class, every framing, every wrong range."""
