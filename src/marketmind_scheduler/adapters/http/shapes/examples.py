"""Request bodies that work with the demo data, for the documentation; the explorer fills in the first of each."""

from litestar.openapi.spec import Example

from marketmind_scheduler.adapters.http.shapes.fields import DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST

_ZONE = "America/Los_Angeles"
_SEVEN_PM = "2030-03-18T19:00:00"

BRAND = (
    Example(
        summary="A brand in California",
        value={
            "brand_name": "Demo Brand",
            "brand_default_timezone": _ZONE,
            "tone_profile": "Warm, plain words, no exclamation marks",
        },
    ),
)
CAMPAIGN = (
    Example(
        summary="A week in March",
        value={
            "brand_id": DEMO_BRAND,
            "name": "Spring launch",
            "goal": "Make the new line known",
            "start_date": "2030-03-15",
            "end_date": "2030-03-21",
        },
    ),
)
POST = (
    Example(
        summary="A post of a campaign",
        value={
            "brand_id": DEMO_BRAND,
            "campaign_id": DEMO_CAMPAIGN,
            "title": "Meet the new line",
            "s3_url": "s3://marketmind-demo/launch/meet.mp4",
            "platform": "TWITTER",
        },
    ),
)
CAMPAIGN_POSTS = (
    Example(
        summary="Two posts",
        value={
            "posts": [
                {
                    "post_id": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
                    "title": "Behind the scenes",
                    "s3_url": "s3://marketmind-demo/launch/scenes.mp4",
                    "platform": "TIKTOK",
                },
                {
                    "post_id": "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
                    "title": "Why we made it",
                    "s3_url": "https://cdn.example.com/launch/why.jpg",
                    "platform": "LINKEDIN",
                },
            ]
        },
    ),
)
POST_ORDER = (
    Example(
        summary="The demo campaign's three posts, the last one first",
        value={
            "post_ids": [
                "55555555-5555-5555-5555-555555555555",
                "33333333-3333-3333-3333-333333333333",
                "44444444-4444-4444-4444-444444444444",
            ]
        },
    ),
)
POLICY = (
    Example(
        summary="Quiet nights, an hour between posts, three a day",
        value={
            "rules": [
                {"kind": "quiet_hours", "from": "22:00", "to": "07:00"},
                {"kind": "min_gap", "minutes": 60},
                {"kind": "daily_cap", "posts": 3, "across_platforms": True},
                {"kind": "blackout", "first_date": "2030-12-24", "last_date": "2030-12-26", "name": "Holidays"},
            ]
        },
    ),
    Example(summary="No rules", value={"rules": []}),
)
PLATFORM_CAP = (
    Example(
        summary="Twenty a day, whichever day",
        value={"limit": 20, "window": {"kind": "rolling", "seconds": 86400}, "reason": "a young account"},
    ),
    Example(
        summary="Five on a calendar day",
        value={"limit": 5, "window": {"kind": "calendar", "timezone": _ZONE}, "reason": "agreed with the platform"},
    ),
)
SHIFT = (
    Example(summary="A week later, to look at", value={"by": "P7D", "preview": True}),
    Example(summary="To another first day", value={"to_start": "2030-04-15"}),
)
FOLLOW = (Example(summary="In zone and lateness", value={"zone": True, "lateness": True}),)
SCHEDULE_POST = (
    Example(summary="A wall time in a zone", value={"timestamp": _SEVEN_PM, "timezone": _ZONE}),
    Example(summary="A wall time in the brand's zone", value={"timestamp": _SEVEN_PM}),
    Example(summary="An instant", value={"timestamp": "2030-03-19T02:00:00Z"}),
    Example(summary="A wall time with its offset", value={"timestamp": f"{_SEVEN_PM}-07:00[{_ZONE}]"}),
    Example(
        summary="The second of two 01:30s",
        value={"timestamp": "2030-11-03T01:30:00", "timezone": _ZONE, "disambiguation": "later"},
    ),
    Example(summary="The next open weekly slot of the brand", value={"scheduler": "queue"}),
    Example(
        summary="The best open time of some days",
        value={
            "scheduler": "engagement",
            "not_before": "2030-03-18T00:00:00",
            "not_after": "2030-03-24T23:59:59",
            "timezone": _ZONE,
        },
    ),
    Example(summary="Once more, although it is out", value={"timestamp": _SEVEN_PM, "allow_repost": True}),
)
MOVE_POST = (
    Example(summary="To another time", value={"timestamp": "2030-03-20T09:00:00"}),
    Example(summary="Only if nobody else moved it", value={"timestamp": "2030-03-20T10:00:00", "version": 2}),
)
SCHEDULE_CAMPAIGN = (
    Example(summary="Every post", value={}),
    Example(summary="The posts on two platforms", value={"scheduler": "naive", "platforms": ["TWITTER", "LINKEDIN"]}),
    Example(summary="The posts that have no schedule yet", value={"fill": True}),
    Example(summary="Anew, round the times that a person chose", value={"replace": True}),
    Example(summary="All of it anew", value={"replace_chosen": True}),
)
PLAN = (
    Example(summary="Every post, at the naive rule's times", value={}),
    Example(summary="Its slots kept for an hour", value={"scheduler": "naive", "hold_seconds": 3600}),
    Example(summary="Anew, round the times that a person chose", value={"replace": True}),
)
COMMIT = (
    Example(
        summary="What was shown",
        value={"plan_hash": "5f2b8d0c7e1a4f6b9c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b"},
    ),
)
CONFIRM = (
    Example(summary="It is out", value={"published": True, "external_id": "1890", "note": "seen on the platform"}),
    Example(summary="It is not out, send it again", value={"published": False, "send_again": True}),
    Example(summary="It is not out, and is not to be", value={"published": False, "note": "the day is over"}),
)
RETRY = (
    Example(summary="Now", value={}),
    Example(summary="At another time", value={"timestamp": "2030-03-19T09:00:00"}),
)
RETRY_MANY = (
    Example(summary="How many a wrong secret cost", value={"error": "the receiver answered 401", "preview": True}),
    Example(summary="One brand's, since the evening", value={"brand_id": DEMO_BRAND, "since": "2030-03-18T19:00:00Z"}),
    Example(summary="In earnest, what was only a dry run", value={"dry_run": True, "preview": True}),
)
OBSERVATIONS = (
    Example(
        summary="Of a post of before",
        value={
            "observations": [
                {
                    "observation_id": "tw-1890-engagements-24h",
                    "brand_id": DEMO_BRAND,
                    "platform": "TWITTER",
                    "published_at": "2026-03-19T02:00:00Z",
                    "reference": "1890",
                    "figure": "engagements",
                    "value": 1234,
                    "measured_at": "2026-03-20T02:00:00Z",
                }
            ]
        },
    ),
    Example(
        summary="Of a post of this service",
        value={
            "observations": [
                {
                    "observation_id": "demo-views-24h",
                    "post_id": DEMO_POST,
                    "figure": "views",
                    "value": 5600,
                    "measured_at": "2026-03-20T02:00:00Z",
                }
            ]
        },
    ),
)
TRIGGER = (Example(summary="Up to 50", value={"limit": 50}),)
CLAIMS = (
    Example(summary="Ten of any platform, for a minute", value={}),
    Example(
        summary="Of two platforms", value={"platforms": ["TWITTER", "LINKEDIN"], "limit": 50, "lease_seconds": 120}
    ),
)
_CLAIM = {"schedule_id": "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d", "claim_token": 1}
SETTLEMENTS = (
    Example(summary="It is out", value={"settlements": [{**_CLAIM, "verdict": "accepted", "external_id": "1890"}]}),
    Example(
        summary="Not now, in half a minute",
        value={
            "settlements": [{**_CLAIM, "verdict": "deferred", "reason": "rate limited", "retry_after_seconds": 30}],
        },
    ),
)
EXTEND = (Example(summary="Two more minutes", value={"claims": [_CLAIM], "lease_seconds": 120}),)
