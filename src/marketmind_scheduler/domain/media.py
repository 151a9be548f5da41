"""Where a post's media may lie: somewhere that whoever publishes it may be asked to fetch from, and to show."""

import re
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

_INSIDE = re.compile(r"(?:.*\.)?(?:localhost|local|internal|intranet|lan|home|corp|arpa)")
_ADDRESS = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # 127.1, 2130706433, 0x7f.0.0.1: programs read them alike


def flaw_of_media_url(url: str) -> str | None:
    """Why media cannot lie there, and what would be right; None where they can."""
    try:
        parts = urlsplit(url)
        host = _read(parts.hostname or "") if parts.port is None or parts.port else ""
    except ValueError:
        return "its host or port cannot be read; write such as https://cdn.example.com/meet.mp4"
    if "@" in unquote(parts.netloc):
        return "it carries a user or a password, which everybody would see who may read the post; leave them out"
    if any(unquote(each) in (".", "..") for each in re.split(r"[/\\]|%2[fF]|%5[cC]", parts.path)):
        return "its path has a segment . or ..; write the path that is meant"
    return None if parts.scheme == "s3" else _flaw_of_host(host)


def _flaw_of_host(host: str) -> str | None:
    if not host or ":" in host or _ADDRESS.fullmatch(host):
        return "its host is an address; write a public name, such as https://cdn.example.com/meet.mp4"
    if "." not in host or _INSIDE.fullmatch(host):
        return "its host is a name inside a network; write a public one, such as https://cdn.example.com/meet.mp4"
    return None


def _read(host: str) -> str:
    """As programs that fetch read it: percent-encoding undone, letters and dots of other widths as plain ones."""
    return normalize("NFKC", unquote(host)).replace("\N{IDEOGRAPHIC FULL STOP}", ".").lower().rstrip(".")
