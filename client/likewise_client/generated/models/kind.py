from enum import StrEnum


class Kind(StrEnum):
    CODES = "codes"
    ENCODER = "encoder"
    PAIR = "pair"

    def __str__(self) -> str:
        return str(self.value)
