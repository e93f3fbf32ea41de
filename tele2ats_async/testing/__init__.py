"""What helps to test code that uses this package."""

__all__: list[str] = []
