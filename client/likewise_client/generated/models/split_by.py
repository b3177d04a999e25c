from enum import StrEnum


class SplitBy(StrEnum):
    IDENTITY = "identity"
    IMAGE = "image"

    def __str__(self) -> str:
        return str(self.value)
