"""How the contract spells the names of members."""

import re


def wire_name(field_name: str) -> str:
    """Give the contract's spelling of a field: ``record_file_name`` becomes ``recordFileName``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), field_name)
