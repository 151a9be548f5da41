"""What to say in ``WWW-Authenticate`` to whoever is not let in."""

from marketmind_scheduler.domain.errors import InvalidCredentials, MissingScope, Unauthenticated


def challenge(error: Unauthenticated | MissingScope) -> str:
    """What is wrong with what was shown, as RFC 6750, section 3, has it; of nothing shown, nothing is said."""
    match error:
        case InvalidCredentials():
            return 'Bearer error="invalid_token"'
        case MissingScope(scope=scope):
            return f'Bearer error="insufficient_scope", scope="{scope}"'
        case _:
            return "Bearer"
