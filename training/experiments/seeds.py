"""One config trained with several seeds, on one split of the data.

A seed decides the initial weights, the order of the batches and the augmentation. The split is that
of the config's own seed for all of them. So the standard deviation over seeds is that of training
alone; the variation over test samples is the standard error of each value.
"""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from training.config.schema import TrainingConfig
from training.data.source import open_data
from training.data.split import split_data
from training.errors import RunError
from training.experiments.member import Member
from training.results.record import Record, record_run, write_record
from training.runs.record_files import read_record_file
from training.transfer.pretrained import TrainedWeights


def record_seeds(  # noqa: PLR0913 (the weights are rarely given)
    config: TrainingConfig,
    data: Path,
    seeds: int,
    out: Path,
    *,
    records: Path,
    console: Console,
    weights: TrainedWeights | None = None,
    unseal: str | None = None,
) -> Iterator[Record]:
    """Train, export and record a config with its own seed and with those that follow it.

    A killed call continues where it stopped. A seed with a record of this very config on this data
    is not trained again, except with initial weights, which a record does not name.

    The config's seed decides the split for all. The folder `out` gets a run and a bundle for each
    seed, and `records` a record. Each training starts from the weights, or from random ones. See
    `write_record` for `unseal`.

    Yields:
        Each seed's record, after it is written.

    Raises:
        TrainingError: What a training, an export or a record raises.
    """
    images = open_data(data)
    fingerprint = images.fingerprint()
    split = split_data(images, config.split, config.seed, weights.seen if weights else frozenset())
    for seed in range(config.seed, config.seed + seeds):
        asked = config.model_copy(update={"seed": seed})
        path = records / f"{config.name}-seed{seed}.json"
        record = None if weights else recorded(path, asked, fingerprint)
        if record is None:
            member = Member(out / f"seed{seed}", asked, data, split, weights, config.name)
            member.train(console)
            record = record_run(member.run, member.bundle, data)
            write_record(record, records, unseal)
        else:
            console.print(f"seed {seed}: {path} has it already")
        yield record


def recorded(path: Path, config: TrainingConfig, data_sha256: str) -> Record | None:
    """Read the record in a file if it is of this config and data; else return None."""
    try:
        record = read_record_file(Record, path)
    except RunError:
        return None
    found = record.config.recipe, record.seed, record.data_sha256
    return record if found == (config.recipe, config.seed, data_sha256) else None
