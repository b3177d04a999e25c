from enum import StrEnum


class Metric(StrEnum):
    HAMMING = "hamming"
    L1 = "l1"
    L2 = "l2"
    NONE = "none"

    def __str__(self) -> str:
        return str(self.value)
