"""What a request turned out to be for, noted on it where faults find it."""

from aiohttp import web

from .listing import Listing
from .ranges import WholeRecording

LISTING = web.RequestKey("listing", Listing)
# Of operations 9 and 10.
RECORDING_NAME = web.RequestKey("recording_name", str)
WHOLE_RECORDING = web.RequestKey("whole_recording", WholeRecording)
