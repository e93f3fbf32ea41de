"""Polling made into events: the service has no webhooks."""

from .awaited import AwaitedRecordings
from .calls import CallTracker
from .events import (
    CallConnected,
    CallEnded,
    CallStarted,
    QueueEntered,
    QueueLeft,
    RecordAdded,
    RecordingReady,
)
from .polling import Polling, require_interval, watch
from .queues import QueueTracker
from .record_watch import RecordWatch
from .records import RecordMemory

__all__ = [
    "AwaitedRecordings",
    "CallConnected",
    "CallEnded",
    "CallStarted",
    "CallTracker",
    "Polling",
    "QueueEntered",
    "QueueLeft",
    "QueueTracker",
    "RecordAdded",
    "RecordMemory",
    "RecordWatch",
    "RecordingReady",
    "require_interval",
    "watch",
]
