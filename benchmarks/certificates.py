"""A certificate for 127.0.0.1, by an authority that nobody else knows."""

from pathlib import Path

import attrs
import trustme


@attrs.frozen
class Certificates:
    """Files in PEM.

    Attributes:
        ca_file: What clients trust.
        chain_file: What a server shows.
        key_file: Its private key.
    """

    ca_file: Path
    chain_file: Path
    key_file: Path


def write_certificates(directory: Path) -> Certificates:
    """Make an authority, and a certificate of a server."""
    files = Certificates(*(directory / f"{name}.pem" for name in ("authority", "certificate", "key")))
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(files.ca_file)
    certificate.private_key_pem.write_to_path(files.key_file)
    for index, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(files.chain_file, append=index > 0)
    return files
