"""The JSON of a transcript: the service's list of words, or our document with utterances; both are read."""

from pathlib import Path

import attrs

from ..models import CallRecord, TranscriptWord
from ..wire import converter
from .utterances import Utterance


@attrs.frozen
class Document:
    """What `Transcript.to_json()` writes, in the contract's spelling of names."""

    name: str
    utterances: list[Utterance]
    record: CallRecord | None = None


def write_document(document: Document) -> str:
    """Write our document, in one line."""
    return converter.encode(document).decode()


def read_document(content: bytes, path: Path) -> tuple[str, list[TranscriptWord], CallRecord | None]:
    """Read either: the name of the recording, its words, and the call where it is known.

    Args:
        content: The JSON.
        path: Where it stood; the service's list does not tell whose words they are.

    Raises:
        PayloadError: It is neither.
    """
    if not content.lstrip().startswith(b"{"):
        return _name_of(path), converter.decode(content, list[TranscriptWord]), None
    document = converter.decode(content, Document)
    words = [word for utterance in document.utterances for word in utterance.words]
    return document.name, words, document.record


def _name_of(path: Path) -> str:
    """Give the name that a saved transcript's path has come from, such as ``2022-08-12/mo_1660…``."""
    return f"{path.absolute().parent.name}/{path.stem}"
