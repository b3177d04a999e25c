"""Ledger of looks at test parts: which system was measured on which, and why again.

A test part is sealed for each config and seed. The first system that is measured on it opens it; a
second one, with another graph, is refused unless a reason is given, since its figures would choose
between the two by test data. Looking again with the same graph is no new look. The seal reminds; it
does not protect: a ledger lies beside the bundles or records that it is about, and can be deleted.

The folders of shipped bundles have two: `looks.jsonl`, under version control, for the bundles that
it already tells of, and `looks.own.jsonl`, which git ignores, for those that a user writes there.
"""

import hashlib
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from model.bundle import Split, read_manifest
from model.errors import BundleError, FileError, faults
from model.files import read_text
from model.schema.fields import Frozen
from training.errors import RunError, SealedError

LEDGER_FILE = "looks.jsonl"
OWN_FILE = "looks.own.jsonl"
SHIPPED = Path(__file__).parents[2] / "model"
"""The folder that holds the folders of shipped bundles."""
_MAX_BYTES = 20_000_000


class Look(Frozen):
    """One measurement of a system on its test part.

    Attributes:
        at: Time in UTC, ISO 8601.
        title: The config with its variant, as records are named.
        config: Name of the config.
        seed: Its seed.
        data: Name of the data set.
        test_sha256: Digest of the names in the test part (`test_digest`); None for looks that are
            older than the ledger.
        graph_sha256: Of the graph, or of those of all folds; None likewise.
        command: The command that looked.
        unsealed: The reason for looking again; empty for a first look.
    """

    at: str
    title: str
    config: str
    seed: int
    data: str
    test_sha256: str | None
    graph_sha256: str | None
    command: str
    unsealed: str = ""

    def is_of(self, other: "Look") -> bool:
        """True if both are of one config and seed, and of one test part."""
        mine, theirs = ((each.config, each.seed, each.test_sha256) for each in (self, other))
        return self.test_sha256 is not None and mine == theirs


class Ledger:
    """The looks in a folder of bundles or records.

    Args:
        folder: The folder that holds the bundles or the records.
        unseal: Reason for looking again with another system; None refuses that.
        file: Name of the file in which looks are noted.
    """

    def __init__(self, folder: Path, unseal: str | None = None, file: str = LEDGER_FILE) -> None:
        self.path = folder / file
        self._unseal = unseal

    @classmethod
    def of_bundle(cls, to: Path, unseal: str | None = None, shipped: Path = SHIPPED) -> Self:
        """Return the ledger for a bundle that is to be written.

        Args:
            to: The bundle's folder.
            unseal: As above.
            shipped: The folder that holds the folders of shipped bundles.

        Raises:
            RunError: A file is not a ledger.
        """
        folder = to.resolve().parent
        is_own = folder.is_relative_to(shipped.resolve()) and not _is_in(folder / LEDGER_FILE, to)
        return cls(folder, unseal, OWN_FILE if is_own else LEDGER_FILE)

    def looks(self) -> tuple[Look, ...]:
        """Read the looks of both files, in the order in which each was noted.

        Raises:
            RunError: A file is not a ledger.
        """
        folder = self.path.parent
        return _read(folder / LEDGER_FILE) + _read(folder / OWN_FILE)

    def check(self, look: Look) -> None:
        """Refuse a look by a changed system, unless there is a reason for it.

        Raises:
            SealedError: Another system of the config and seed was measured on the test part.
            RunError: The file is not a ledger.
        """
        former = [each for each in self.looks() if each.is_of(look)]
        if self._unseal or not former or self._is_known(look, former):
            return
        raise SealedError(
            f"the test part of {look.data} was looked at on {former[-1].at[:10]} by another system "
            f"of {look.config}, seed {look.seed} ({former[-1].command}); to choose between them by "
            "their test figures would make these worth less. Choose by calibration figures, which "
            "`python -m training export RUN --calibration-only` prints, or look again with "
            f"--unseal REASON, which is noted in {self.path}"
        )

    def add(self, look: Look) -> None:
        """Note a look, with the reason where it is not the first; known graphs are no new look."""
        former = [each for each in self.looks() if each.is_of(look)]
        if self._is_known(look, former):
            return
        reason = (self._unseal or "") if former else ""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(look.model_copy(update={"unsealed": reason}).model_dump_json() + "\n")

    @staticmethod
    def _is_known(look: Look, former: list[Look]) -> bool:
        return look.graph_sha256 in {each.graph_sha256 for each in former}


def _read(path: Path) -> tuple[Look, ...]:
    if not path.exists():
        return ()
    try:
        lines = read_text(path, _MAX_BYTES).splitlines()
        return tuple(map(Look.model_validate_json, lines))
    except ValidationError as error:
        raise RunError(f"{path} is not a ledger of looks: {faults(error)}") from error
    except FileError as error:
        raise RunError(str(error)) from error


def _is_in(ledger: Path, bundle: Path) -> bool:
    """Return whether a ledger tells of the graph of a bundle, which may not exist."""
    try:
        graph = read_manifest(bundle).onnx.sha256
    except BundleError:
        return False
    return graph in {look.graph_sha256 for look in _read(ledger)}


def test_digest(*splits: Split) -> str:
    """SHA-256 of the names in the test parts of one or several splits, as hexadecimal digits."""
    names = sorted(set().union(*(split.test for split in splits)))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
