"""Media lie where they may be fetched from: no password in sight, and nothing inside anybody's network."""

from marketmind_scheduler.domain.media import flaw_of_media_url
from tests.loops import on_each

FLAWS = {
    "user or a password": [
        "https://user:pass@cdn.example.com/y",
        "s3://user:pass@a/b",
        "https://token@cdn.example.com/y",
        "https://user%3Apass%40cdn.example.com/y",
    ],
    "address": [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/x",
        "https://8.8.8.8/x",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://0x7f000001/x",
        "http://017700000001/x",
        "http://127.1./x",
        "http://%31%36%39.254.169.254/x",
    ],
    "inside": [
        "http://localhost/x",
        "http://LOCALHOST:8080/x",
        "http://db.localhost/x",
        "http://metadata.google.internal/x",
        "http://printer.local/x",
        "http://intranet/x",
        "http://postgres:5432/x",
        "https://cdn.corp./x",
    ],
    "segment": [
        "s3://a/../b",
        "https://cdn.example.com/a/../../etc/passwd",
        "https://cdn.example.com/a/./b",
        "https://cdn.example.com/a/%2e%2e/b",
        "https://cdn.example.com/a%2F..%2fb",
        "s3://a/..",
        "s3://a/b/..\\c",
    ],
}
FINE = [
    "s3://marketmind-demo/launch/meet.mp4",
    "s3://a/b..c/d",
    "s3://new",
    "https://cdn.example.com/launch/why.jpg?X-Amz-Signature=ab&to=me@example.com",
    "https://cdn.example:8443/meet.mp4",
    "http://1and1.example/x",
    "https://xn--bcher-kva.example/a#b",
    "https://cdn.example.com",
]


@on_each(("flaw", "url"), [(flaw, url) for flaw, urls in FLAWS.items() for url in urls])
def test_it_is_said_what_is_wrong_with_it_and_the_url_is_not_repeated(flaw: str, url: str) -> None:
    said = flaw_of_media_url(url)

    assert said is not None
    assert flaw in said
    assert url not in said


@on_each("url", FINE)
def test_media_may_lie_in_buckets_and_on_public_hosts(url: str) -> None:
    assert flaw_of_media_url(url) is None
