"""Domain check of a manifest: how unusual an image is among the calibration images."""

from typing import Final, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from model.schema.fields import Count, Fraction, Frozen, Sha256

DOMAIN_FILE: Final = "domain.bin"
INT8_DOMAIN_FILE: Final = "domain.int8.bin"
"""Of the int8 graph beside another one."""
FALSE_FLAG_RATE: Final = 0.01
"""Stated share of images like the calibration images that are taken for unlike them."""
MAX_DOMAIN_BYTES: Final = 64_000_000
MAX_FEATURES: Final = 8192
MAX_DIRECTIONS: Final = 256
MAX_SCORES: Final = 512
PIXEL_FEATURES: Final = 38 + 2 * 144 + 1 + 4 * 36 + 4 * 9
"""Number of statistics of the pixels: see `model.pixel_statistics`."""
_BYTES_OF_A_NUMBER: Final = 4


class ScoreTable(Frozen):
    """Quantiles of the scores of the calibration images; a large score is unusual.

    Each image's score is by a fit without any image of its identity. `counts[i]` calibration images
    have a score of at most `scores[i]`; both rise.
    """

    scores: tuple[FiniteFloat, ...] = Field(min_length=1, max_length=MAX_SCORES)
    counts: tuple[Count, ...] = Field(min_length=1, max_length=MAX_SCORES)

    @model_validator(mode="after")
    def _counts_of_rising_scores(self) -> Self:
        if len(self.scores) != len(self.counts):
            raise ValueError("a table of scores has one count for each score")
        if list(self.scores) != sorted(self.scores):
            raise ValueError("the scores of a table must rise")
        if list(self.counts) != sorted(set(self.counts)):
            raise ValueError("the counts of a table must rise")
        return self


class DomainPart(Frozen):
    """Score that is a quadratic function of some numbers, with those of the calibration images.

    In the file a part has its bias, and `features` numbers for each of mean, scale, weights,
    squares, the `subtracted` directions and the `added` ones (`model.domain.Quadratic`).
    """

    features: int = Field(ge=1, le=MAX_FEATURES)
    subtracted: int = Field(ge=0, le=MAX_DIRECTIONS)
    added: int = Field(ge=0, le=MAX_DIRECTIONS)
    table: ScoreTable

    @property
    def numbers(self) -> int:
        """Numbers of this part in the file."""
        return 1 + self.features * (4 + self.subtracted + self.added)


class DomainCheck(Frozen):
    """Description of the domain check, whose numbers lie in a file beside the manifest.

    `embedding` is None for a pair model, which has none. `both` is the table of an image's larger
    score. An image is out of the domain where the share of calibration images that are at least as
    unusual is `false_flag_rate` or less. The file is of float32, little-endian, `embedding` first.
    """

    statistic: Literal["quadratic"] = "quadratic"
    statistic_version: Literal[2] = 2
    file: Literal["domain.bin", "domain.int8.bin"] = DOMAIN_FILE
    sha256: Sha256
    bytes: int = Field(gt=0, le=MAX_DOMAIN_BYTES)
    images: int = Field(ge=1)
    identities: int = Field(ge=1)
    false_flag_rate: Fraction = FALSE_FLAG_RATE
    embedding: DomainPart | None
    pixels: DomainPart
    both: ScoreTable | None

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if (self.embedding is None) != (self.both is None):
            raise ValueError("a domain check has a table of both parts where it has both")
        if self.bytes != _BYTES_OF_A_NUMBER * sum(part.numbers for part in self.parts):
            raise ValueError("the size of the domain check's file is not that of its numbers")
        for table in self.tables:
            if table.counts[-1] != self.images:
                raise ValueError("a table of scores counts all calibration images in the end")
        return self

    @property
    def parts(self) -> tuple[DomainPart, ...]:
        """Parts of the file, in order."""
        return tuple(part for part in (self.embedding, self.pixels) if part is not None)

    @property
    def tables(self) -> tuple[ScoreTable, ...]:
        """All tables of scores."""
        both = () if self.both is None else (self.both,)
        return (*(part.table for part in self.parts), *both)
