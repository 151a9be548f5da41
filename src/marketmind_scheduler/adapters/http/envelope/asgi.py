"""The names of ASGI (https://asgi.readthedocs.io) as this wing uses them; a scope here is a caller's right."""

from collections.abc import MutableMapping
from typing import Any, TypeAlias

from litestar.types import ASGIApp, HTTPScope, Receive, Send
from litestar.types import Scope as ASGIScope

Message: TypeAlias = MutableMapping[str, Any]

__all__ = ["ASGIApp", "ASGIScope", "HTTPScope", "Message", "Receive", "Send"]
