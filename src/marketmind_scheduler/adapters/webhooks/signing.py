"""Signatures after Standard Webhooks (www.standardwebhooks.com)."""

import base64
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"


def is_secret(text: str) -> bool:
    """Whether it is ``whsec_`` and then 24 to 64 random bytes in base64."""
    encoded = text.removeprefix(_PREFIX)
    try:
        random = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return False
    return text.startswith(_PREFIX) and 24 <= len(random) <= 64


def signature_headers(secrets: Sequence[str], *, key: str, now: datetime, body: bytes) -> Sequence[tuple[str, str]]:
    """The headers that name and sign a webhook. While secrets rotate there are several, and each of them signs; the
    ``key`` stays when the same thing is sent again, and ``now`` does not."""
    signatures = (Webhook(secret).sign(key, now, body.decode()) for secret in secrets)
    return [
        ("webhook-id", key),
        ("webhook-timestamp", str(int(now.timestamp()))),
        ("webhook-signature", " ".join(signatures)),
    ]
