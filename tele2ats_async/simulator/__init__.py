"""An embedded ATS with a generated company, real MP3 audio and tokens that die like the real ones."""

from . import faults
from .company import Company
from .lines import PlacedCall
from .logbook import SeenRequest
from .people import Customer, Employee
from .server import AtsSimulator
from .tokens import IssuedPair

__all__ = [
    "AtsSimulator",
    "Company",
    "Customer",
    "Employee",
    "IssuedPair",
    "PlacedCall",
    "SeenRequest",
    "faults",
]
