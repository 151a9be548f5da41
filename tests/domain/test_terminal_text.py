"""Text that others wrote, in the columns of a terminal."""

from marketmind_scheduler.domain.terminal_text import columns, fitted, printable

FAMILY, WAVE, FLAG, SCOTLAND, HEART, KEY = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f44b\U0001f3fd",
    "\U0001f1e9\U0001f1ea",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
)
SIGNS = {
    FAMILY: 2,
    WAVE: 2,
    FLAG: 2,
    SCOTLAND: 2,
    HEART: 2,
    KEY: 2,
    "e\u0301": 1,
    "\u6f22": 2,
    "a": 1,
    "\u1112\u1161\u11ab": 2,
}


def test_what_a_reader_takes_for_one_sign_has_its_columns_however_many_letters_it_is_of() -> None:
    for sign, wide in SIGNS.items():
        assert columns(sign) == wide, ascii(sign)
        assert columns(sign * 3 + "a") == 3 * wide + 1, ascii(sign)
    assert columns(FLAG + FLAG[0]) == 3


def test_a_text_is_cut_between_two_signs_and_fills_its_columns_whatever_it_holds() -> None:
    for sign in SIGNS:
        for text in (sign * 9, f"tea {sign * 9}", sign):
            for width in range(1, 12):
                shown = fitted(text, width)
                assert columns(shown) == width, (ascii(text), width)
                kept = shown.rstrip(" ").removesuffix("…")
                assert text.startswith(kept.rstrip(" "))
                assert kept.removeprefix("tea ").replace(sign, "") in ("", "t", "te", "tea"), ascii(shown)


def test_what_holds_signs_together_stays_and_what_moves_the_cursor_does_not() -> None:
    for sign in SIGNS:
        assert printable(sign) == sign
    assert printable("a\x1b[2Jb\u202ec\n", instead="?") == "a?[2Jb?c?"
