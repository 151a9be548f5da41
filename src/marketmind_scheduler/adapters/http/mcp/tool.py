"""What a tool is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from marketmind_scheduler.adapters.http.envelope.access import check_scope
from marketmind_scheduler.adapters.http.envelope.strictness import decoded
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller, Scope

Asked = TypeVar("Asked", bound=Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[Asked]):
    """``description`` is for the agent, and the same for every one. ``check`` refuses what is asked beyond ``scope``;
    ``key_of`` names the key under which it is done once. ``stores``: something
    is there afterwards that was not; ``commits``: schedules."""

    name: str
    title: str
    description: str
    scope: Scope
    asks: type[Asked]
    answer: Callable[[UseCases, Asked], Awaitable[Struct]]
    check: Callable[[Caller, Asked], None] | None = None
    key_of: Callable[[Asked], str | None] | None = None
    stores: bool = False
    commits: bool = False

    def read(self, caller: Caller, arguments: bytes) -> Asked:
        """What a caller asks for. Raises MissingScope and Malformed."""
        check_scope(caller, self.scope)
        asked = decoded(arguments, msgspec.json.Decoder(self.asks))
        if self.check is not None:
            self.check(caller, asked)
        return asked

    def key(self, asked: Asked) -> str | None:
        return None if self.key_of is None else self.key_of(asked)

    def schema(self) -> dict[str, object]:
        """What it asks for, as JSON Schema with an object at its root."""
        [(root, *_), definitions] = msgspec.json.schema_components([self.asks], ref_template="#/$defs/{name}")
        name = str(root["$ref"]).rpartition("/")[2]
        rest = {each: definition for each, definition in definitions.items() if each != name}
        return definitions[name] | ({"$defs": rest} if rest else {})
