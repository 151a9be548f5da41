"""Reading a model's reply strictly: what is not exactly as it was asked for is no answer."""

import json
from collections.abc import Mapping, Sequence

MOST_BYTES = 4_096

Choices = Mapping[str, Sequence[str]]
"""The names of a reply, and what each may be. The first choice says nothing."""


class Undecodable(Exception):  # noqa: N818  # named after what happened
    """``codes`` say what was wrong, in our words alone, so that the model can be told."""

    def __init__(self, *codes: str) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


def schema_of(choices: Choices) -> Mapping[str, object]:
    """The JSON Schema of a reply with exactly these names, each one of its choices."""
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": list(members)} for name, members in choices.items()},
        "required": list(choices),
        "additionalProperties": False,
    }


def decoded(text: str, choices: Choices) -> Mapping[str, str]:
    """The reply: one JSON object under 4 kB with each of these names once and no other. Raises Undecodable."""
    if len(text.encode(errors="surrogatepass")) >= MOST_BYTES:
        raise Undecodable("too_long")
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise Undecodable("not_json") from None
    if not isinstance(pairs, _Pairs):
        raise Undecodable("not_one_object")
    names = [name for name, _ in pairs.pairs]
    wrong = [
        *(f"missing_{name}" for name in choices if name not in names),
        *(["repeated_key"] if len(set(names)) < len(names) else []),
        *(["unknown_key"] if not set(names) <= set(choices) else []),
    ]
    if wrong:
        raise Undecodable(*wrong)
    found = {name: value for name, value in pairs.pairs if isinstance(value, str) and value in choices[name]}
    if left := [name for name in choices if name not in found]:
        raise Undecodable(*(f"not_a_choice_of_{name}" for name in left))
    return found


class _Pairs:
    """A JSON object as it was written, repeated keys and all."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs
