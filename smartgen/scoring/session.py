"""Lines answered one after the other: whatever stands in one, there is one answer."""

from __future__ import annotations

import json
from datetime import tzinfo

from smartgen.core.errors import SmartgenError
from smartgen.scoring.answers import Answer, Models
from smartgen.scoring.lines import Told, resolved, told_by
from smartgen.scoring.stream import Stream


class Session:
    """Models, and the stream of single behaviors that they are asked about.

    Args:
        zone: the home's, for time stamps; None: their own clock.

    Attributes:
        utc: whether a time stamp was read on UTC's clock because nobody named another.
    """

    def __init__(self, models: Models, zone: tzinfo | None = None) -> None:
        self.models, self.zone = models, zone
        self.utc = False
        self._stream = Stream()
        self._lines = 0

    def answer(self, line: bytes) -> Answer:
        """The answer to the next line; it has ``error`` where the line or a model gave none."""
        self._lines += 1
        try:
            return {"line": self._lines} | self._answer(told_by(line, self.zone))
        except SmartgenError as error:
            return {"line": self._lines, "error": str(error)}

    def _answer(self, told: Told) -> Answer:
        self.utc = self.utc or any(one.moment.utc for one in told.events)
        behaviors, unknown = resolved(told.events, self.models.vocabulary)
        if unknown:  # nothing can score it, and what a home never had is an alarm by itself
            flag = {} if self.models.detector is None else {"flag": True}
            return flag | {"unknown": [one.to_json() for one in unknown]}
        if not told.whole:
            behaviors = self._stream.add(told.events[0].moment, behaviors[0])
        return self.models.answer(behaviors)


def written(answer: Answer) -> bytes:
    """An answer as a line of JSON in UTF-8.

    Example:
        >>> written({"line": 1, "error": "no JSON"})
        b'{"line": 1, "error": "no JSON"}\\n'
    """
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
    if not text.isprintable():  # JSON leaves some signs as they are that steer a terminal
        text = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
    return text.encode("utf-8", "backslashreplace") + b"\n"  # half of a surrogate pair, as JSON escapes it
