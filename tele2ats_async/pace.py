"""How slow a body may come before it is given up."""

import attrs

_IS_NUMBER = attrs.validators.instance_of((int, float))


@attrs.frozen(kw_only=True)
class MinimumSpeed:
    """The slowest pace at which a body is still waited for.

    Only waiting for the service counts: who takes the bytes slowly is not slow service.

    Attributes:
        bytes_per_s: Bytes per second, on the average of a window; 0 means that any pace will do.
        window_s: Seconds of waiting that are looked at together.

    Source: section 3.
    """

    bytes_per_s: float = attrs.field(default=500.0, validator=[_IS_NUMBER, attrs.validators.ge(0)])
    window_s: float = attrs.field(default=30.0, validator=[_IS_NUMBER, attrs.validators.gt(0)])


@attrs.define
class Pace:
    """The pace of one body."""

    minimum: MinimumSpeed
    _waited_s: float = 0.0
    _received_bytes: int = 0

    def is_too_slow(self, waited_s: float, received_bytes: int) -> bool:
        """Note what came and how long that took, and judge at the end of each window."""
        self._waited_s += waited_s
        self._received_bytes += received_bytes
        if self._waited_s < self.minimum.window_s:
            return False
        is_too_slow = self._received_bytes < self.minimum.bytes_per_s * self._waited_s
        self._waited_s, self._received_bytes = 0.0, 0
        return is_too_slow
