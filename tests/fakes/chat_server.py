"""An OpenAI-compatible endpoint on this machine that answers as a test wants it to."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from marketmind_scheduler.adapters.language_models.endpoint import AllowedHost, Endpoint
from marketmind_scheduler.domain.agent.self_test import CAP

Asked: TypeAlias = Mapping[str, Any]
Script: TypeAlias = Callable[[Asked, StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class ChatServer:
    """``requests`` are the bodies of what came, ``heads`` its request lines and headers, in lower case."""

    port: int
    requests: list[Asked] = field(default_factory=list[Asked])
    heads: list[str] = field(default_factory=list[str])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def endpoint(self, **said: Any) -> Endpoint:
        return Endpoint.read(url=self.url, model="scripted", allowed=[AllowedHost("127.0.0.1", self.port)], **said)


@asynccontextmanager
async def chat_server(script: Script) -> AsyncGenerator[ChatServer]:
    async def handle(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await _handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has had enough
        finally:
            writer.close()

    async def _handle(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        asked: Asked = json.loads(await reader.readexactly(size))
        served.heads.append(head)
        served.requests.append(asked)
        await script(asked, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    served = ChatServer(port=server.sockets[0].getsockname()[1])
    try:
        yield served
    finally:
        server.close()


def completion(text: str | None, **said: Any) -> Mapping[str, Any]:
    """A whole answer; ``said`` replaces parts of its choice, message and usage by their names."""
    message = {"role": "assistant", "content": text, "refusal": said.get("refusal")}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "scripted-1",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "finish_reason": said.get("finish_reason", "stop"), "message": message}],
        "usage": said.get("usage", {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}),
    }


def saying(text: str | None, **said: Any) -> Script:
    return answering(json.dumps(completion(text, **said)).encode())


def answering(body: bytes, *, status: str = "200 OK", headers: str = "", kind: str = "application/json") -> Script:
    async def script(_: Asked, writer: StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return script


def scripted(reply: Callable[[Asked], Mapping[str, Any]]) -> Script:
    async def script(asked: Asked, writer: StreamWriter) -> None:
        await answering(json.dumps(reply(asked)).encode())(asked, writer)

    return script


async def dripping(_: Asked, writer: StreamWriter) -> None:
    """An answer that comes byte by byte and never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def silent(_: Asked, writer: StreamWriter) -> None:
    """Takes the request and closes without a word."""
    writer.close()


async def endless(_: Asked, writer: StreamWriter) -> None:
    """An answer without a length that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 10_000)
        await writer.drain()


def enforcing(asked: Asked) -> Mapping[str, Any]:
    """Of the self-test: keeps schema and cap."""
    return _capped(asked) if _wants_to_count(asked) else completion(json.dumps({"token": _enum(asked)[1]}))


def ignoring_the_schema(asked: Asked) -> Mapping[str, Any]:
    return _capped(asked) if _wants_to_count(asked) else completion('{"token": "zebra"}')


def ignoring_the_cap(asked: Asked) -> Mapping[str, Any]:
    if _wants_to_count(asked):
        usage = {"prompt_tokens": 50, "completion_tokens": 4000, "total_tokens": 4050}
        return completion('{"counted": "one two three"}', usage=usage)
    return enforcing(asked)


def cutting_off_late(asked: Asked) -> Mapping[str, Any]:
    usage = {"prompt_tokens": 50, "completion_tokens": CAP + 1, "total_tokens": 59}
    return completion("{", usage=usage, finish_reason="length") if _wants_to_count(asked) else enforcing(asked)


def talking(asked: Asked) -> Mapping[str, Any]:
    return _capped(asked) if _wants_to_count(asked) else completion("Sure! Zebra.")


def _wants_to_count(asked: Asked) -> bool:
    return "counted" in json.dumps(asked["response_format"])


def _capped(asked: Asked) -> Mapping[str, Any]:
    cap = asked["max_completion_tokens"]
    usage = {"prompt_tokens": 50, "completion_tokens": cap, "total_tokens": 50 + cap}
    return completion('{"counted": "one two', usage=usage, finish_reason="length")


def _enum(asked: Asked) -> list[str]:
    return asked["response_format"]["json_schema"]["schema"]["properties"]["token"]["enum"]
