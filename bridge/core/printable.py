"""Text from outside as it may be shown: on a terminal, in a log, on a page."""


def printable(text: str) -> str:
    r"""The text with every character that is not to be seen written as in Python: `\x1b`, `\r`, `\u202e`.

    Those are control characters, with which a caller could forge a line of a log or colour a terminal, those
    that turn the direction of writing, and blanks other than the space.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
