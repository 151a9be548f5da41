"""Text that others wrote, as a terminal can show it: nothing in it moves the cursor, and what is one sign to a reader
stays one, be it a flag, a family or a letter with accents."""

from collections.abc import Iterator
from unicodedata import category, east_asian_width

_ZERO_WIDTH_NON_JOINER, _JOINER, _AS_EMOJI = "\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}", "\ufe0f"


def printable(text: str, *, instead: str = " ") -> str:
    """With something ``instead`` of what a terminal would obey. Joiners and tags stay: they only hold signs
    together."""
    return "".join(each if each.isprintable() or _holds_together(each) else instead for each in text)


def columns(text: str) -> int:
    """How many columns of a terminal it takes."""
    return sum(map(_width, _signs(text)))


def fitted(text: str, width: int) -> str:
    """The text, shortened between two signs or filled up to so many columns."""
    shown = printable(text)
    if columns(shown) > width:
        shown = _beginning(shown, width - 1) + "…"
    return shown + " " * (width - columns(shown))


def _beginning(text: str, width: int) -> str:
    shown = ""
    for sign in _signs(text):
        width -= _width(sign)
        if width < 0:
            break
        shown += sign
    return shown


def _signs(text: str) -> Iterator[str]:
    """What a reader takes for one sign each."""
    sign = ""
    for each in text:
        if sign and not _goes_on(sign, each):
            yield sign
            sign = ""
        sign += each
    if sign:
        yield sign


def _goes_on(sign: str, each: str) -> bool:
    if _adds_nothing(each):
        return True
    if _is_half_a_flag(each):
        return len(sign) == 1 and _is_half_a_flag(sign)
    return sign[-1] == _JOINER and category(each) == "So"


def _width(sign: str) -> int:
    is_wide = len(sign) > 1 and _is_half_a_flag(sign[0])
    is_wide = is_wide or _AS_EMOJI in sign or any(east_asian_width(each) in "WF" for each in sign)
    return 2 if is_wide else 0 if all(map(_adds_nothing, sign)) else 1


def _adds_nothing(each: str) -> bool:
    """Whether it belongs to the sign before it, without a column of its own: accents, joiners, tags, colours of skin,
    and the vowels and final consonants of a syllable of Hangul."""
    is_skin, is_hangul = "\U0001f3fb" <= each <= "\U0001f3ff", "\u1160" <= each <= "\u11ff"
    return category(each) in ("Mn", "Me") or _holds_together(each) or is_skin or is_hangul


def _holds_together(each: str) -> bool:
    return each in (_ZERO_WIDTH_NON_JOINER, _JOINER) or "\U000e0020" <= each <= "\U000e007f"


def _is_half_a_flag(each: str) -> bool:
    return "\U0001f1e6" <= each <= "\U0001f1ff"
