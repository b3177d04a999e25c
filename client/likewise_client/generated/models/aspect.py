from enum import StrEnum


class Aspect(StrEnum):
    CROP = "crop"
    PAD = "pad"
    STRETCH = "stretch"

    def __str__(self) -> str:
        return str(self.value)
