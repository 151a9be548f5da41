"""What every answer carries, whoever gives it."""

_SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_OF_API = [
    *_SAFE,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_DOCS_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; frame-ancestors 'none'"
)
_OF_DOCS = [*_SAFE, (b"content-security-policy", _DOCS_POLICY)]


def headers_for(path: str, request_id: str) -> list[tuple[bytes, bytes]]:
    """The id of the request, and what a browser may make of an answer from this path."""
    is_page = path == "/docs" or path.startswith("/docs/")
    return [(b"x-request-id", request_id.encode()), *(_OF_DOCS if is_page else _OF_API)]
