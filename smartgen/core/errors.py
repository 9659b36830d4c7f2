"""The exceptions that are meant for people."""


class SmartgenError(Exception):
    """Bad input: one line that names the file, row or key, what was expected, and what to do.

    Commands print the message without a traceback and end with exit code 2.
    """


class NothingRecordedError(SmartgenError):
    """No record of what is asked for; says which command makes some."""
