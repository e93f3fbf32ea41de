"""What helps to test code that uses this package."""

from .token_stores import check_token_store

__all__ = ["check_token_store"]
