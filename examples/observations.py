"""Sixty days of a made-up audience of the demo brand, as a body for POST /engagement-observations.

    python examples/observations.py | curl -sS localhost:8000/engagement-observations \
      -H 'content-type: application/json' -d @-

Its people react at half past six in the morning, on weekends two hours later, and far less at 19:00. It is the same
each time but for the dates, which end yesterday. A platform may be named: python examples/observations.py LINKEDIN
"""

import json
import sys
import time
from math import cos, exp, pi
from random import Random

DEMO_BRAND = "11111111-1111-1111-1111-111111111111"
HOUR = 3600
DAY = 24 * HOUR
AGES = {"TWITTER": DAY, "YOUTUBE": 7 * DAY}
DAYS, A_DAY = 60, 3
LOS_ANGELES = -8 * HOUR  # near enough for an example


def observations(platform: str, now: float) -> list[dict[str, object]]:
    chance = Random(platform)  # noqa: S311
    age = AGES.get(platform, 2 * DAY)
    last = int(now // DAY) * DAY - age
    at = sorted(last - chance.randrange(DAYS * 24) * HOUR for _ in range(DAYS * A_DAY))
    return [
        {
            "observation_id": f"{platform}-{second}-{nth}",
            "brand_id": DEMO_BRAND,
            "platform": platform,
            "published_at": written(second),
            "reference": f"example-{second}-{nth}",
            "figure": "engagements",
            "value": round(exp(5 + liking(second) + chance.gauss(0, 0.5))),
            "measured_at": written(second + age),
        }
        for nth, second in enumerate(at)
    ]


def liking(second: int) -> float:
    local = time.gmtime(second + LOS_ANGELES)
    best = 8.5 if local.tm_wday >= 5 else 6.5
    return 0.6 * cos(2 * pi * (local.tm_hour - best) / 24)


def written(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


if __name__ == "__main__":
    print(json.dumps({"observations": observations([*sys.argv[1:], "TWITTER"][0], time.time())}))
