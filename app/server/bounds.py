"""Bounds of connections and of what comes over them before the application runs."""

from dataclasses import dataclass, field

from app.server.unsent_answers import UnsentAnswers

MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line and its headers, not counting the data that came with the first
byte."""
MAX_HEADERS = 128
MAX_PIPELINED = 32
"""Maximum number of requests that wait for the answer to an earlier one on their connection."""


@dataclass(frozen=True)
class Bounds:
    """Limits of the connections of one worker.

    Attributes:
        connections: Maximum number of open connections.
        head_s: Seconds from the connection's opening, or a request's first byte, to the end of its
            head.
        body_s: Seconds for a client to read its answer, or to end a body that is answered already.
        unsent: Counts what clients have not read.
    """

    connections: int
    head_s: float
    body_s: float
    unsent: UnsentAnswers = field(default_factory=UnsentAnswers)
