"""The public verbs, one module per section of the contract."""

from .blacklist import Blacklist
from .call_records import CallRecords
from .calls import Calls
from .employees import Employees
from .managers import Managers
from .monitoring import Monitoring
from .recordings import Recordings
from .statistics import Statistics

__all__ = [
    "Blacklist",
    "CallRecords",
    "Calls",
    "Employees",
    "Managers",
    "Monitoring",
    "Recordings",
    "Statistics",
]
