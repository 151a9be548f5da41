"""What answers say of a caller's allowance, as in draft-ietf-httpapi-ratelimit-headers-10."""

import math
from collections.abc import Mapping
from datetime import timedelta


def rate_fields(requests: int, per: timedelta, *, remaining: int, next_in: timedelta) -> Mapping[str, str]:
    return {
        "ratelimit-policy": f'"caller";q={requests};w={per.total_seconds():.0f}',
        "ratelimit": f'"caller";r={remaining};t={math.ceil(next_in.total_seconds())}',
    }
