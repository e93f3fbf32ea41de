"""The public verbs, one module per section of the contract."""

from .call_records import CallRecords
from .recordings import Recordings

__all__ = ["CallRecords", "Recordings"]
