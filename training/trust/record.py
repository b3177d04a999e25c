"""Committed record of what was found on each sample of a bundle, from which the page is made."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from pydantic import FiniteFloat, ValidationError

from model.errors import FileError, faults
from model.files import read_file
from model.manifest import ErrorRates
from model.schema.fields import Count, Fraction, Frozen
from training.errors import RunError

MAX_RECORD_BYTES = 20_000_000
MANY_TIMES = 2
"""Real FMR that still holds, in multiples of the upper end of the quoted interval."""
NEARLY_ALL = 0.99
"""Share of the pairs that are withheld, at which no verdict on the others is given."""


class Verdict(StrEnum):
    """Verdict on the FMR that a bundle quotes for a sample."""

    HOLDS = "holds"
    """Of the pairs that are answered with rates, the FMR is at most twice the upper end quoted."""
    WITHHELD = "withheld"
    """Nearly all pairs are answered without rates."""
    LIMIT = "known limit"
    """Neither: rates are quoted that do not apply."""


class RatioBin(Frozen):
    """Claimed and actual likelihood ratio of some pairs, log10; None stands for no end."""

    low: FiniteFloat
    high: FiniteFloat
    claimed: FiniteFloat
    actual: FiniteFloat | None
    interval: tuple[FiniteFloat | None, FiniteFloat | None]
    genuine: Count
    impostor: Count

    @property
    def holds(self) -> bool:
        """Return whether the interval holds the claim."""
        low, high = self.interval
        return (low is None or low <= self.claimed) and (high is None or self.claimed <= high)

    @property
    def claims_too_much(self) -> bool:
        """Return whether the interval lies on the side of 1 of the claim."""
        low, high = self.interval
        if self.claimed > 0:
            return high is not None and high < self.claimed
        return low is not None and low > self.claimed


class Real(Frozen):
    """Rates of some pairs at the default threshold, and the reliability of their ratios."""

    images: Count
    genuine: Count
    impostor: Count
    rates: ErrorRates
    ratios: tuple[RatioBin, ...]


class Row(Frozen):
    """One sample of a bundle.

    `images_out` and `pairs_out` are the shares that are out of the bundle's domain, None where it
    has no check; a pair is out where an image of it is. `answered` is None where too few pairs are
    left for rates.
    """

    data: str
    is_own: bool
    corruption: str
    shows_identity: bool
    identities: Count
    images_out: Fraction | None
    pairs_out: Fraction | None
    every: Real
    answered: Real | None

    def verdict(self, quoted: ErrorRates) -> Verdict:
        """Judge the FMR of the pairs that are answered with rates."""
        if self.pairs_out is not None and self.pairs_out >= NEARLY_ALL:
            return Verdict.WITHHELD
        rates = None if self.answered is None else self.answered.rates
        if rates is not None and rates.fmr <= MANY_TIMES * quoted.fmr_interval[1]:
            return Verdict.HOLDS
        return Verdict.LIMIT

    def misses_more(self, quoted: ErrorRates) -> bool:
        """Return whether the FNMR of the answered pairs is above the quoted one, by intervals."""
        if self.answered is None or not self.shows_identity:
            return False
        return self.answered.rates.fnmr_interval[0] > quoted.fnmr_interval[1]


class TrustRecord(Frozen):
    """All samples of one bundle."""

    record_version: int = 1
    bundle: str
    version: str
    sha256: str
    has_check: bool
    threshold: FiniteFloat
    quoted: ErrorRates
    seed: int
    max_images: int
    command: str
    git_revision: str
    libraries: dict[str, str]
    rows: tuple[Row, ...]


def write_record(record: TrustRecord, folder: Path) -> Path:
    """Write a record under the name of its bundle, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.bundle}.json"
    path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def read_records(folder: Path) -> tuple[TrustRecord, ...]:
    """Read every record of a folder, by file name.

    Raises:
        RunError: A file is not a record, or there is none.
    """
    found = tuple(_read(path) for path in _files(folder))
    if not found:
        raise RunError(f"{folder} has no records; measure first, without --from-records")
    return found


def _files(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> TrustRecord:
    try:
        return TrustRecord.model_validate_json(read_file(path, MAX_RECORD_BYTES))
    except ValidationError as error:
        raise RunError(f"{path} is not a record: {faults(error)}") from error
    except FileError as error:
        raise RunError(str(error)) from error
