"""What every contestant is asked to do."""

import ssl
from pathlib import Path
from urllib.parse import quote

import attrs


@attrs.frozen(kw_only=True)
class Job:
    """Recordings to save: all of them, so many at once.

    Attributes:
        base_url: Of the service.
        ca_file: The certificate to trust; for https only.
        names: As the service lists them.
        directory: Where to save; it is there, and empty.
        concurrency: How many at once.
    """

    base_url: str
    ca_file: str
    names: list[str]
    directory: str
    concurrency: int

    def url(self, name: str) -> str:
        """Give the address of a recording."""
        return f"{self.base_url}/call-records/file?filename={quote(name, safe='')}"

    def path(self, name: str) -> Path:
        """Give the path to save a recording at, where a contestant leaves the choice."""
        return Path(self.directory, f"{name}.mp3")

    def trust(self) -> ssl.SSLContext | bool:
        """Give what clients verify the service with."""
        is_https = self.base_url.startswith("https:")
        return ssl.create_default_context(cafile=self.ca_file) if is_https else True

    def make_directories(self) -> None:
        """Make what `path()` needs."""
        for day in {self.path(name).parent for name in self.names}:
            day.mkdir(parents=True, exist_ok=True)
