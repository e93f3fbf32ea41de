"""When a generated company telephones: mostly at work, a little at night and at weekends."""

import random
from datetime import UTC, date, datetime, timedelta, timezone

import attrs

MOSCOW = timezone(timedelta(hours=3))

_DAY = timedelta(days=1)
_SATURDAY = 5
# The peaks lie before noon and after lunch: (share of the calls, from, to, peak), hours of Moscow.
_MORNING_SHARE = 0.55
_MORNING = (9.0, 14.0, 11.3)
_AFTERNOON = (12.5, 18.0, 14.7)


@attrs.frozen
class Diary:
    """The days of a company's calls.

    Attributes:
        last_day: The last day in Moscow.
        days: How many days, the last among them.
        now: Aware datetime that no call may outlast.
    """

    last_day: date
    days: int
    now: datetime

    def working_days(self) -> list[date]:
        """Give the weekdays, or all days where there is no weekday."""
        return [day for day in self._all_days() if day.weekday() < _SATURDAY] or self._all_days()

    def off_hours(self, rng: random.Random, calls_per_day: int) -> list[datetime]:
        """Draw the few calls of nights and weekends, one a day at least."""
        moments: list[datetime] = []
        for day in self._all_days():
            weekend = day.weekday() >= _SATURDAY
            for _ in range(max(1, round(calls_per_day * (0.08 if weekend else 0.03)))):
                hour = (
                    rng.uniform(8, 22)
                    if weekend
                    else rng.choice((rng.uniform(0, 8.5), rng.uniform(18.5, 24)))
                )
                moments.append(_moment(day, hour))
        return moments

    def working_hours(self, rng: random.Random, count: int) -> list[datetime]:
        """Draw calls of working hours, spread evenly over the working days."""
        days = self.working_days()
        return [_moment(days[place % len(days)], _working_hour(rng)) for place in range(count)]

    def settle(self, moment: datetime, length: timedelta) -> datetime:
        """Move a call that would outlast now to an earlier day of the same kind."""
        weekend = moment.astimezone(MOSCOW).weekday() >= _SATURDAY
        while moment + length > self.now:
            moment -= _DAY
            while (moment.astimezone(MOSCOW).weekday() >= _SATURDAY) != weekend:
                moment -= _DAY
        return moment

    def _all_days(self) -> list[date]:
        return [self.last_day - _DAY * back for back in range(self.days - 1, -1, -1)]


def is_working_hour(moment: datetime) -> bool:
    """Tell whether people are at work."""
    local = moment.astimezone(MOSCOW)
    return local.weekday() < _SATURDAY and _MORNING[0] <= local.hour < _AFTERNOON[1]


def _working_hour(rng: random.Random) -> float:
    return rng.triangular(*(_MORNING if rng.random() < _MORNING_SHARE else _AFTERNOON))


def _moment(day: date, hour: float) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=MOSCOW)
    return (midnight + timedelta(milliseconds=int(hour * 3_600_000))).astimezone(UTC)
