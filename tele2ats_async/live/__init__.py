"""Polls made into events.

Here are the events; what only a watch needs is loaded by the first one, see `watching`.
"""

from .events import (
    CallConnected,
    CallEnded,
    CallStarted,
    QueueEntered,
    QueueLeft,
    RecordAdded,
    RecordingReady,
)

__all__ = [
    "CallConnected",
    "CallEnded",
    "CallStarted",
    "QueueEntered",
    "QueueLeft",
    "RecordAdded",
    "RecordingReady",
]
