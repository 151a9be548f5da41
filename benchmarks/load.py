"""Sends requests over keep-alive connections as fast as they are answered; prints each one's seconds as JSON.

Reads one JSON line from standard input: port, connections, an API key or null, and the requests as [method, path, body
or null]. With a key, every POST gets an Idempotency-Key of its own too.
"""

import asyncio
import json
import sys
from time import perf_counter
from uuid import uuid4


async def main() -> None:
    task = json.loads(sys.stdin.readline())
    waiting = iter([_encoded(*request, key=task["key"]) for request in task["requests"]])
    seconds: list[float] = []
    bad: list[str] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", task["port"])
        for request in waiting:
            started = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            seconds.append(perf_counter() - started)
            if head[9:10] != b"2":
                bad.append((head + body)[:600].decode())
        writer.close()

    started = perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(task["connections"])))
    print(json.dumps({"took": perf_counter() - started, "seconds": seconds, "bad": bad[:3]}))


def _encoded(method: str, path: str, body: str | None, *, key: str | None) -> bytes:
    content = b"" if body is None else body.encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n"
    if key is not None:
        head += f"authorization: Bearer {key}\r\n"
        head += f"idempotency-key: {uuid4()}\r\n" if method == "POST" else ""
    if body is not None:
        head += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


if __name__ == "__main__":
    asyncio.run(main())
