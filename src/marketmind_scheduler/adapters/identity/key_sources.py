"""Where an identity provider's key set is read from: a URL, or a file that somebody keeps up to date."""

import asyncio
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Protocol

import httpx2

_MOST_BYTES = 64_000


class KeysUnreadable(Exception):  # noqa: N818  # it is handled, not a fault
    """Says why, in words for the operator that follow the name of the place."""


class KeySource(Protocol):
    """``place``: the URL or path. ``fresh_for``: for how many seconds what was read need not be read again. ``pause``:
    how many seconds lie between two reads at least, whatever for."""

    @property
    def place(self) -> str: ...

    @property
    def fresh_for(self) -> float: ...

    @property
    def pause(self) -> float: ...

    async def read(self) -> bytes:
        """The document, 64 kB at most; raises KeysUnreadable."""
        ...


@dataclass(frozen=True, slots=True)
class UrlKeySource:
    """Only a 200 of the URL itself counts: redirects are not followed, proxies of the environment not used."""

    place: str
    client: httpx2.AsyncClient
    fresh_for: float = 600
    pause: float = 30
    answers_within: float = 3

    async def read(self) -> bytes:
        try:
            async with (
                asyncio.timeout(self.answers_within),
                self.client.stream("GET", self.place, headers={"accept-encoding": "identity"}) as answer,
            ):
                if answer.status_code != HTTPStatus.OK:
                    raise KeysUnreadable(f"answered {answer.status_code}, not 200")
                return await _body(answer)
        except TimeoutError:
            raise KeysUnreadable(f"did not answer within {self.answers_within} seconds") from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, ssl.SSLError) as failed:
            raise KeysUnreadable(f"cannot be read: {failed or type(failed).__name__}") from None


def key_client() -> httpx2.AsyncClient:
    """The client for ``UrlKeySource``, which bounds each read as a whole; whoever asks for it closes it. No answer has
    a part in the next request: it keeps no cookies, one of which may be such that none can be sent any more."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=None, cookies=no_cookies)


@dataclass(frozen=True, slots=True)
class FileKeySource:
    """A change of the file counts a second later at most."""

    place: str
    fresh_for: float = 1
    pause: float = 1

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._read)

    def _read(self) -> bytes:
        try:
            with Path(self.place).open("rb") as file:
                document = file.read(_MOST_BYTES + 1)
        except OSError as unreadable:
            raise KeysUnreadable(f"cannot be read: {unreadable.strerror}") from None
        return _bounded(document)


async def _body(answer: httpx2.Response) -> bytes:
    document = b""
    async for part in answer.aiter_raw():
        document = _bounded(document + part)
    return document


def _bounded(document: bytes) -> bytes:
    if len(document) > _MOST_BYTES:
        raise KeysUnreadable(f"is larger than {_MOST_BYTES} bytes")
    return document
