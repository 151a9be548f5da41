"""Somebody who takes what can be had of a service, until it is killed: KIND PORT, with the key BENCH_KEY."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

SILENT, POLLS, TRIGGERS, AT_ONCE = 600, 500, 100, 50
RECEIVER_SECONDS = 9


async def main() -> None:
    kind, port, key = sys.argv[1], int(sys.argv[2]), os.environ["BENCH_KEY"]
    if kind == "receiver":
        async with await asyncio.start_server(answer_slowly, "127.0.0.1", port) as server:
            await server.serve_forever()
    keyed = f"authorization: Bearer {key}\r\n"
    async with asyncio.TaskGroup() as group:
        match kind:
            case "silent":
                callers = [say_nothing(port) for _ in range(SILENT)]
            case "polls":
                poll = request("GET", "/events?after=9007199254740990&wait_seconds=30", keyed)
                callers = [ask(port, lambda: poll) for _ in range(POLLS)]
            case "triggers":
                callers = [ask(port, lambda: trigger(keyed)) for _ in range(TRIGGERS)]
            case "nobody":
                unknown = request("GET", "/brands", "")
                callers = [ask(port, lambda: unknown) for _ in range(AT_ONCE)]
            case "flood":
                cheap = request("GET", "/brands?limit=1", keyed)
                callers = [ask(port, lambda: cheap) for _ in range(AT_ONCE)]
            case "lists":
                dear = request("GET", "/schedule?q=nowhere&status=MISSED&limit=200", keyed)
                callers = [ask(port, lambda: dear) for _ in range(AT_ONCE)]
            case _:
                sys.exit(f"{kind} is nothing that anybody takes")
        for caller in callers:
            group.create_task(caller)


def request(method: str, path: str, headers: str, body: str = "") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


def trigger(keyed: str) -> bytes:
    headers = f"{keyed}idempotency-key: {uuid4()}\r\ncontent-type: application/json\r\n"
    return request("POST", "/schedule/trigger", headers, json.dumps({"limit": 1}))


async def say_nothing(port: int) -> None:
    """Keep a connection open without a word; open it anew whenever it is closed."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.read()
            writer.close()
        await asyncio.sleep(0.1)


async def ask(port: int, asked: Callable[[], bytes]) -> None:
    """Ask again as soon as there is an answer, whatever it is."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while True:
                writer.write(asked())
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
        await asyncio.sleep(0.01)


async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(RECEIVER_SECONDS)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main())
