"""Which protocol a server speaks, by which parser."""

from marketmind_scheduler.adapters.http.envelope.edge import Edge
from marketmind_scheduler.adapters.http.envelope.guarding import Guarded
from marketmind_scheduler.adapters.http.envelope.h11_parser import GuardedByH11

try:
    from marketmind_scheduler.adapters.http.envelope.httptools_parser import GuardedByHttptools
except ImportError:  # there is none for this system
    GuardedByHttptools = None


def guarded_by(edge: Edge, *, by_h11: bool = False) -> type[Guarded]:
    """The protocol of a server whose connections share this edge; read by httptools, where it is there and ``by_h11``
    does not forbid it."""
    if by_h11 or GuardedByHttptools is None:
        return type("GuardedByH11", (GuardedByH11,), {"edge": edge})
    return type("GuardedByHttptools", (GuardedByHttptools,), {"edge": edge})
