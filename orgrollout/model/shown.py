"""Texts that others chose (names, values, reasons), as they may be shown."""

MASKED = "****"  # how CloudFormation shows the value of a NoEcho parameter, and so do we


def visible(text: str, *, keep: str = "") -> str:
    """Return the text with every character that is not printed written out, but those to keep.

    Nothing in it moves a cursor, begins a line of its own or turns the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
