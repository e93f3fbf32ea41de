"""Saving in several processes: where one interpreter is not fast enough for the line."""

from .parent import SavingInProcesses, save_in_processes

__all__ = ["SavingInProcesses", "save_in_processes"]
