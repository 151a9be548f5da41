"""What is known of the platforms' caps. A row that was read anew gets a higher revision and a later date."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling, Window

_READ_ON = date(2026, 8, 28)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def _cap(
    platform: Platform, limit: int, window: Window, grade: Grade, source: str, *, scope: CapScope = CapScope.LANE
) -> PlatformCap:
    return PlatformCap(
        platform=platform,
        limit=limit,
        window=window,
        scope=scope,
        grade=grade,
        source=source,
        observed_on=_READ_ON,
    )


TABLE: Sequence[PlatformCap] = (
    _cap(
        Platform.TWITTER,
        100,
        Rolling(timedelta(minutes=15)),
        Grade.DOCUMENTED,
        "docs.x.com, rate limits of POST /2/tweets per user",
    ),
    _cap(
        Platform.TWITTER,
        10_000,
        Rolling(_DAY),
        Grade.DOCUMENTED,
        "docs.x.com, rate limits of POST /2/tweets per app; read x-rate-limit-reset, there is no Retry-After",
        scope=CapScope.APP,
    ),
    _cap(Platform.TWITTER, 50, Rolling(_DAY), Grade.VENDOR, "what Zernio keeps to"),
    _cap(
        Platform.LINKEDIN,
        100,
        CalendarDay("UTC"),
        Grade.VENDOR,
        "what BrightBean keeps to, Ayrshare 150; learn.microsoft.com: daily caps end at midnight UTC, no numbers",
    ),
    _cap(
        Platform.INSTAGRAM,
        50,
        Rolling(_DAY),
        Grade.DOCUMENTED,
        "developers.facebook.com, content_publishing_limit, which says each account's own; a carousel counts once",
    ),
    _cap(
        Platform.YOUTUBE,
        100,
        CalendarDay("America/Los_Angeles"),
        Grade.DOCUMENTED,
        "developers.google.com, determine_quota_cost: videos.insert of a project; until an audit all are private",
        scope=CapScope.APP,
    ),
    _cap(Platform.YOUTUBE, 50, Rolling(_DAY), Grade.VENDOR, "what BrightBean keeps to"),
    _cap(
        Platform.TIKTOK,
        6,
        Rolling(timedelta(minutes=1)),
        Grade.DOCUMENTED,
        "developers.tiktok.com, direct post: initialisations of a user",
    ),
    _cap(
        Platform.TIKTOK,
        15,
        Rolling(_DAY),
        Grade.REPORTED,
        "the daily cap is unpublished (spam_risk_too_many_posts); 15 to 25 are reported, vendors keep to 15",
    ),
    _cap(
        Platform.REDDIT,
        50,
        Rolling(_DAY),
        Grade.VENDOR,
        "what Zernio and BrightBean keep to elsewhere; what a subreddit allows is often less: set a cap of your own",
    ),
    *(_cap(platform, 25, Rolling(_HOUR), Grade.VENDOR, "how fast Zernio goes at most") for platform in Platform),
)
"""Every cap that is known, whether it binds or is only warned of."""


def caps_of_brand(own: Sequence[PlatformCap]) -> Mapping[Platform, Sequence[PlatformCap]]:
    """What holds for a brand that has these caps of its own: on a platform where it has one, that stands in for those
    of the table for a lane."""
    return _caps(tuple(own))


@lru_cache(1000)
def _caps(own: tuple[PlatformCap, ...]) -> Mapping[Platform, Sequence[PlatformCap]]:
    overridden = {cap.platform for cap in own}
    return {
        platform: [
            *(cap for cap in own if cap.platform is platform),
            *(
                cap
                for cap in TABLE
                if cap.platform is platform and not (platform in overridden and cap.scope is CapScope.LANE)
            ),
        ]
        for platform in Platform
    }
