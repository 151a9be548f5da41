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
                callers = [ask(port, lambda said: poll(keyed, said)) for _ in range(POLLS)]
            case "triggers":
                callers = [ask(port, lambda _: trigger(keyed)) for _ in range(TRIGGERS)]
            case "nobody":
                unknown = request("GET", "/brands", "")
                callers = [ask(port, lambda _: unknown) for _ in range(AT_ONCE)]
            case "flood":
                cheap = request("GET", "/brands?limit=1", keyed)
                callers = [ask(port, lambda _: cheap) for _ in range(AT_ONCE)]
            case "lists":
                dear = request("GET", "/schedule?q=nowhere&status=MISSED&limit=200", keyed)
                callers = [ask(port, lambda _: dear) for _ in range(AT_ONCE)]
            case _:
                sys.exit(f"{kind} is nothing that anybody takes")
        for caller in callers:
            group.create_task(caller)


def request(method: str, path: str, headers: str, body: str = "") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


def poll(keyed: str, said: bytes) -> bytes:
    """Go on where the last answer ended."""
    read = json.loads(said).get("next_after", 0) if said.startswith(b"{") else 0
    return request("GET", f"/events?after={read}&limit=1000&wait_seconds=30", keyed)


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


async def ask(port: int, asked: Callable[[bytes], bytes]) -> None:
    """Ask again as soon as there is an answer, whatever it says."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            said = b""
            while True:
                writer.write(asked(said))
                head = await reader.readuntil(b"\r\n\r\n")
                said = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
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
