"""The file of webhooks is read strictly, and what is wrong with it is said in a way that mends it."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.errors import NothingSentFromHere
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Unsent
from marketmind_scheduler.entrypoints.choices import SettingsError
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks
from tests.builders import BRAND_ID
from tests.loops import on_each
from tests.publishers.given import an_attempt, publishing_over
from tests.receivers import SECRET

URL = "https://publisher.example.com/posts"
RECEIVER = f'url = "{URL}"\nsecrets = ["{SECRET}"]'
WHOLE = f"""
allow = ["10.0.0.0/8:8443", "127.0.0.1/32:9000"]

[default]
{RECEIVER}

[platforms.TWITTER]
url = "http://127.0.0.1:9000/twitter"
secrets = ["{SECRET}"]
secret_files = ["SECRET_FILE"]
resend_window_seconds = 3600
sends_at_once = 20
most_body_bytes = 4000
media = ["s3://", "https://cdn.example.com:8443"]
allow_http = true

[brands."{BRAND_ID}"]
url = "https://10.1.2.3:8443"
secrets = ["{SECRET}"]

[brands."{BRAND_ID}".platforms.REDDIT]
{RECEIVER}
"""


def load(tmp_path: Path, text: str) -> WebhookTargets:
    file = tmp_path / "webhooks.toml"
    file.write_text(text, "utf-8")
    return load_webhooks(str(file))


def refusal(tmp_path: Path, text: str) -> str:
    """What is said behind the name of the file."""
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text)
    said = str(refused.value)
    assert said.startswith(f"{tmp_path}/webhooks.toml")
    return said.removeprefix(f"{tmp_path}/webhooks.toml").removeprefix(": ")


def a_secret(bytes_in_it: int) -> str:
    return "whsec_" + base64.b64encode(bytes(bytes_in_it)).decode()


def test_every_key_reaches_its_receiver(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{a_secret(64)}\n")

    targets = load(tmp_path, WHOLE.replace("SECRET_FILE", str(tmp_path / "secret")))

    assert targets.default
    assert (targets.default.name, targets.default.secrets) == ("webhook publisher.example.com for default", (SECRET,))
    assert (targets.default.drops_repeats_for, targets.default.sends_at_once) == (None, 100)
    twitter = targets.platforms[Platform.TWITTER]
    assert (twitter.name, twitter.secrets) == (
        "webhook 127.0.0.1:9000 for platforms.TWITTER",
        (SECRET, a_secret(64)),
    )
    assert (twitter.drops_repeats_for, twitter.sends_at_once) == (timedelta(hours=1), 20)
    assert (twitter.most_body_bytes, twitter.media) == (4000, ("s3://", "https://cdn.example.com:8443"))
    assert (twitter.url.port, twitter.url.target) == (9000, b"/twitter")
    assert targets.brands[BRAND_ID].name == f"webhook 10.1.2.3:8443 for brands.{BRAND_ID}"
    assert targets.lanes[BRAND_ID, Platform.REDDIT].name.endswith(f" for brands.{BRAND_ID}.platforms.REDDIT")


def test_an_empty_file_publishes_nothing_by_webhook(tmp_path: Path) -> None:
    assert load(tmp_path, "") == WebhookTargets()


def test_a_brand_may_have_a_receiver_on_one_platform_alone(tmp_path: Path) -> None:
    targets = load(tmp_path, f'[brands."{BRAND_ID}".platforms.REDDIT]\n{RECEIVER}')

    assert targets.for_posts_of(BRAND_ID, Platform.REDDIT)
    assert targets.for_posts_of(BRAND_ID, Platform.TWITTER) == []


@pytest.mark.parametrize("bytes_in_it", [24, 25, 26, 32, 64])
@pytest.mark.parametrize("end", ["", "="])
def test_a_secret_has_24_to_64_bytes_with_or_without_padding(tmp_path: Path, bytes_in_it: int, end: str) -> None:
    secret = a_secret(bytes_in_it).rstrip("=") if not end else a_secret(bytes_in_it)

    targets = load(tmp_path, f'[default]\nurl = "{URL}"\nsecrets = ["{secret}"]')

    assert targets.default
    assert targets.default.secrets == (secret,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("default", " is not valid TOML: Expected '=' after a key"),
        ("defaults = 1", "defaults: there is no such key; did you mean default?"),
        ("x = 1", "x: there is no such key; there are allow, default, platforms, brands"),
        ("default = 1", "default: it takes a table: [default]"),
        ("platforms = 1", "platforms: it takes a table for each platform: [platforms.TWITTER]"),
        ("platforms.TWITTER = 1", "platforms: it takes a table for each platform: [platforms.TWITTER]"),
        ("brands = []", "brands: it takes a table for each brand"),
        ('allow = "10.0.0.0/8:443"', "allow: it takes a list of networks, each with a port"),
        ('allow = ["10.0.0.0/8"]', "10.0.0.0/8 is not a network with a port"),
        ('allow = ["10.0.0.1/8:443"]', "10.0.0.1/8 has host bits set"),
        (f"[platforms.TWITER]\n{RECEIVER}", "platforms.TWITER: there is no such platform; did you mean TWITTER?"),
        (f"[platforms.twitter]\n{RECEIVER}", "platforms.twitter: there is no such platform; there are TWITTER"),
        (f"[brands.acme]\n{RECEIVER}", "brands.acme: a brand is named by its brand_id, as the API shows it"),
        (f'[brands."{str(BRAND_ID).upper()}"]\n{RECEIVER}', "a brand is named by its brand_id, as the API shows it"),
        (f'[brands."{BRAND_ID}"]', f"brands.{BRAND_ID}.url: it takes the URL of a receiver"),
        (f'[brands."{BRAND_ID}"]\nplatforms = 1', f"brands.{BRAND_ID}.platforms: it takes a table for each platform"),
        (
            f'[brands."{BRAND_ID}".platforms.RED]\n{RECEIVER}',
            f"brands.{BRAND_ID}.platforms.RED: there is no such platform; did you mean REDDIT?",
        ),
        ("[default]", 'default.url: it takes the URL of a receiver: "https://publisher.example.com/posts"'),
        (f'[default]\nurl = "{URL}"', "default.secrets: it takes at least one secret: whsec_ and then 24 to 64 random"),
        (f"[default]\n{RECEIVER}\nsecret = 1", "default.secret: there is no such key; did you mean secrets?"),
        (f'[default]\nurl = "{URL}"\nsecrets = "x"', 'default.secrets: it takes a list of texts: ["whsec_..."]'),
        (f'[default]\nurl = "{URL}"\nsecret_files = ["/none/x"]', "default.secret_files: /none/x cannot be read: No "),
        (f"[platforms.REDDIT]\n{RECEIVER}\nurl2 = 1", "platforms.REDDIT.url2: there is no such key; did you mean url?"),
        *[
            (f"[default]\n{RECEIVER}\nsends_at_once = {wrong}", "default.sends_at_once: it takes a whole number")
            for wrong in ("0", "501", "-1", "1.5", '"20"', "true")
        ],
        *[
            (f"[default]\n{RECEIVER}\nmost_body_bytes = {wrong}", "default.most_body_bytes: it takes a whole number")
            for wrong in ("0", "999", "20001", '"4 kB"')
        ],
        (f'[default]\n{RECEIVER}\nmedia = "s3://"', 'default.media: it takes a list of places: ["s3://", "https'),
        *[
            (f'[default]\n{RECEIVER}\nmedia = ["{wrong}"]', "default.media: it takes a scheme or a scheme and a host")
            for wrong in ("", "s3", "s3:/", "ftp://", "S3://", "s3://tea/", "https://cdn.example.com/a", "https://*.x")
        ],
        *[
            (f"[default]\n{RECEIVER}\nresend_window_seconds = {wrong}", "default.resend_window_seconds: it takes")
            for wrong in ("0", "-1", '"1h"', "31536001")
        ],
        *[
            (f"[default]\n{RECEIVER}\nallow_http = {wrong}", "default.allow_http: it takes true or false")
            for wrong in ("1", '"true"')
        ],
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hush",
        "whsec_",
        "whsec_hush",
        a_secret(23),
        a_secret(65),
        a_secret(32).removeprefix("whsec_"),
        a_secret(32).upper(),
        f"{a_secret(32)} ",
        a_secret(32).replace("A", "-"),
    ],
)
def test_a_secret_of_another_form_is_refused_without_repeating_it(tmp_path: Path, secret: str) -> None:
    said = refusal(tmp_path, f'[default]\nurl = "{URL}"\nsecrets = ["{SECRET}", "{secret}"]')

    assert said == ("default.secrets: it takes at least one secret: whsec_ and then 24 to 64 random bytes in base64")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        *[
            (url, "a URL like https://publisher.example.com/posts, in ASCII, without user, password and fragment")
            for url in (
                "",
                "hush",
                "//host/hush",
                "https:///hush",
                "https://user:hush@host/",
                "https://hush@host/",
                "https://@host/hush",
                "https://host/#hush",
                "https://host/#",
                "https://host/a hush",
                "https://host/a\\thush",
                "https://host\\\\@hush/",
                "https://host:port/hush",
                "https://host:0/hush",
                "https://host:0443/hush",
                "https://host:70000/hush",
                "https://host:/hush",
                "https://[::1/hush",
                "https://[::1]hush/",
                "https://[fe80::1%25eth0]/hush",
                "https://ho%73t/hush",
                "https://host..example.com/hush",
                "https://-host.example.com/hush",
                "https://host.example.com./hush",
                f"https://{'a' * 64}.example.com/hush",
                "https://" + "a." * 127 + "aaa/hush",
                "https://①②⑦.0.0.1/hush",
                "https://müller.example.com/hush",
            )
        ],
        *[
            (url, "an https URL; http only beside allow_http = true")
            for url in ("http://host/hush", "http://host:443/hush", "ftp://host:443/hush", "file://host:443/hush")
        ],
        ("https://host:80/hush", "port 443 or 8443, or one that allow names, not 80"),
        ("https://host:22/hush", "port 443 or 8443, or one that allow names, not 22"),
        *[
            (f"https://{host}/hush", f"a public host, or one that allow names with its port; {address} is neither")
            for host, address in (
                ("127.0.0.1", "127.0.0.1"),
                ("127.0.0.1:9000", "127.0.0.1"),  # allowed is 127.0.0.2
                ("2130706433", "127.0.0.1"),
                ("0x7f.1", "127.0.0.1"),
                ("0177.0.0.1", "127.0.0.1"),
                ("10.0.0.1", "10.0.0.1"),
                ("169.254.169.254:8443", "169.254.169.254"),
                ("[::1]", "::1"),
                ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
                ("[64:ff9b::a9fe:a9fe]", "64:ff9b::a9fe:a9fe"),
                ("8.8.8.8:9000", "8.8.8.8"),
            )
        ],
    ],
)  # fmt: skip
def test_a_url_that_no_webhook_may_go_to_is_refused_without_repeating_it(tmp_path: Path, url: str, said: str) -> None:
    text = f'allow = ["127.0.0.2/32:9000"]\n[default]\nurl = "{url}"\nsecrets = ["{SECRET}"]'

    refused = refusal(tmp_path, text)

    assert refused == f"default.url: it takes {said}"
    assert "hush" not in refused


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://host", "host", b"/"),
        ("https://HOST.example.com/A?b=c%20d&e", "host.example.com", b"/A?b=c%20d&e"),
        ("https://host:443/", "host", b"/"),
        ("https://host:8443/", "host:8443", b"/"),
        ("https://xn--mller-kva.example.com/", "xn--mller-kva.example.com", b"/"),
        ("https://8.8.8.8/", "8.8.8.8", b"/"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]", b"/"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]:8443", b"/"),
        ("http://127.0.0.2:9000/posts", "127.0.0.2:9000", b"/posts"),
        (f"https://{'a' * 63}.example.com/", f"{'a' * 63}.example.com", b"/"),
    ],
)
def test_a_url_is_read_as_it_stands(tmp_path: Path, url: str, authority: str, target: bytes) -> None:
    text = f'allow = ["127.0.0.2/32:9000"]\n[default]\nurl = "{url}"\nsecrets = ["{SECRET}"]\nallow_http = true'

    read = load(tmp_path, text).default

    assert isinstance(read, WebhookTarget)
    assert (read.authority, read.url.target) == (authority, target)


@pytest.mark.parametrize("name", ["missing.toml", ".", "latin.toml"])
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / "latin.toml").write_bytes(b"\xff")

    with pytest.raises(SettingsError, match=r"SCHEDULER_WEBHOOKS=.*: the file cannot be read: \w+"):
        load_webhooks(str(tmp_path / name))


LACKING = f"""
[default]
url = "https://publisher.example.com"
secret_files = ["/nowhere/secret"]

[platforms.REDDIT]
url = "https://publisher.example.com/reddit"
secrets = ["{SECRET}"]
"""


async def test_where_nothing_is_sent_from_secrets_may_be_missing_and_nothing_is_sent(tmp_path: Path) -> None:
    (file := tmp_path / "webhooks.toml").write_text(LACKING, "utf-8")
    targets = load_webhooks(str(file), signs=False)

    async with publishing_over(WebhookTransport(targets)) as publisher:
        verdict = await publisher.publish(an_attempt())
        with pytest.raises(NothingSentFromHere, match="secret_files: /nowhere/secret is not there"):
            publisher.check()
        assert publisher.target_of(BRAND_ID, Platform.TWITTER)

    assert isinstance(verdict, Unsent)
    assert "default.secret_files: /nowhere/secret cannot be read" in refusal(tmp_path, LACKING)


@on_each(
    "wrong",
    [
        LACKING.replace('secret_files = ["/nowhere/secret"]', ""),
        LACKING.replace(SECRET, "whsec_short"),
        LACKING.replace("/nowhere/secret", "/"),
    ],
)
def test_secrets_that_are_there_are_checked_wherever_they_are_read(tmp_path: Path, wrong: str) -> None:
    (file := tmp_path / "webhooks.toml").write_text(wrong, "utf-8")

    with pytest.raises(SettingsError, match="secret"):
        load_webhooks(str(file), signs=False)
