"""Texts from outside, as they may be shown."""


def printable(text: str) -> str:
    r"""A text with a sign in place of what would steer a terminal, or what XML cannot hold.

    Example:
        >>> printable("fan\x1b[31m") == "fan\ufffd[31m"
        True
    """
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
