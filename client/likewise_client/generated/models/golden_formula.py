from enum import StrEnum


class GoldenFormula(StrEnum):
    RAMP_1 = "ramp-1"
    RAMP_1_PAIRS = "ramp-1-pairs"

    def __str__(self) -> str:
        return str(self.value)
