"""What the service, or what lies between, can do wrong: values for ``AtsSimulator.inject``."""

from .bodies import CutBody, GzipAnyway, StallBody, Trickle, WrongLength
from .connections import DelayFirstByte, Refuse, Vanish
from .fault import AnswerFault, Fault, RequestFault
from .injection import Injection
from .kinds import ALL_KINDS
from .monitoring import Flicker
from .pages import RepeatPage, ShiftPages
from .ranges import IgnoreRange, WrongRange
from .recordings import ChangeRecording, ExpireToken, NotReadyYet
from .statuses import ComeBackLater, HtmlPage, RefuseByGateway, ServerErrors

__all__ = [
    "ALL_KINDS",
    "AnswerFault",
    "ChangeRecording",
    "ComeBackLater",
    "CutBody",
    "DelayFirstByte",
    "ExpireToken",
    "Fault",
    "Flicker",
    "GzipAnyway",
    "HtmlPage",
    "IgnoreRange",
    "Injection",
    "NotReadyYet",
    "Refuse",
    "RefuseByGateway",
    "RepeatPage",
    "RequestFault",
    "ServerErrors",
    "ShiftPages",
    "StallBody",
    "Trickle",
    "Vanish",
    "WrongLength",
    "WrongRange",
]
