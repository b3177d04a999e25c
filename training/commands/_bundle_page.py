"""Shared part of the commands that measure every bundle and write a page about them all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic

import typer

from training.console import console
from training.trust.bundle_record import Kind, read_records, write_record

BUNDLES = Path("model/bundles")

BundlesOption = Annotated[Path, typer.Option(help="The folder of bundles.")]
RecordsOption = Annotated[Path, typer.Option(help="The folder of records.")]
PageOption = Annotated[Path, typer.Option(help="The page to write.")]
FromRecordsOption = Annotated[bool, typer.Option(help="Write the page alone, without measuring.")]


@dataclass(frozen=True)
class BundlePage(Generic[Kind]):
    """A page that is made from one record of each bundle.

    Attributes:
        kind: The records.
        write: Writes the page of all records to a path.
        records: The folder of records.
        out: The page.
    """

    kind: type[Kind]
    write: Callable[[tuple[Kind, ...], Path], None]
    records: Path
    out: Path

    def make(
        self,
        measure: Callable[[Path], Iterable[Kind]],
        data: Path | None,
        *,
        from_records: bool,
    ) -> None:
        """Write the records that are measured on the data, unless they exist, and the page.

        Raises:
            BadParameter: Neither data nor the choice of the records that exist.
        """
        if not from_records:
            if data is None:
                raise typer.BadParameter("give --data, or --from-records")
            for record in measure(data):
                console.print(f"wrote {write_record(record, self.records)}")
        found = read_records(self.kind, self.records)
        self.write(found, self.out)
        console.print(f"wrote {self.out} from {len(found)} records")
