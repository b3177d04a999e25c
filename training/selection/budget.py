"""Time of a choice and of the training after it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Budget:
    """Some seconds, from now on.

    Attributes:
        seconds: Time for everything.
        clock: Time in seconds, of the wall or of the processor.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", self.clock())

    def left(self) -> float:
        """Seconds that are left; negative once they are over."""
        return self.began + self.seconds - self.clock()
