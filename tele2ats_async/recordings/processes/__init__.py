"""Saving in several processes: where one interpreter is not fast enough for the line."""

from .messages import Setup
from .parent import SavingInProcesses

__all__ = ["SavingInProcesses", "Setup"]
