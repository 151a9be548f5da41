"""A receiver to try the webhooks with: python3 examples/receiver.py, on port 9000 or on the one in PORT. It needs
nothing but Python.

It takes what is signed and prints it. Words in a title make it misbehave: "busy" is put off once, "silent" gets no
answer, "wrong" is refused.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "whsec_dGhpcyBzZWNyZXQgaXMgZm9yIHRoZSBkZW1vIG9ubHk="
PORT = int(os.environ.get("PORT", "9000"))
MOST_SECONDS_APART = 300
seen: set[str] = set()


def is_genuine(headers: dict[str, str], body: bytes) -> bool:
    """Whether the request was signed with our secret, lately: https://www.standardwebhooks.com."""
    if abs(time.time() - int(headers.get("webhook-timestamp", "0"))) > MOST_SECONDS_APART:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    return any(hmac.compare_digest(expected, given.encode()) for given in headers["webhook-signature"].split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_genuine(headers, body):
            self.answer(401, {"code": "bad_signature"})
            return
        post, key = json.loads(body), headers["webhook-id"]
        is_repeat = key in seen
        seen.add(key)
        print(f"{post['platform']:<9} {post['title']!r} {'(again) ' if is_repeat else ''}key {key}", flush=True)
        if "wrong" in post["title"]:
            self.answer(422, {"code": "never_do"})
        elif "busy" in post["title"] and not is_repeat:
            self.answer(503, {"code": "busy"}, retry_after=1)
        elif "silent" in post["title"]:
            self.close_connection = True
        else:
            self.answer(200, {"external_id": f"demo-{len(seen)}"})

    def answer(self, status: int, content: dict[str, str], *, retry_after: int | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if retry_after is not None:
            self.send_header("retry-after", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What has been received is printed already."""


if __name__ == "__main__":
    try:
        server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    except OSError as taken:
        sys.exit(f"cannot listen on 127.0.0.1:{PORT}: {taken.strerror}; set PORT to another, in webhooks.toml too")
    print(f"receiving on http://127.0.0.1:{PORT}/posts, Ctrl-C stops it", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(130)
