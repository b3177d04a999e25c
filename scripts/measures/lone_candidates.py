"""Train candidates of `own_folder` one by one, and measure each, and each two and three joined.

    python -m scripts.measures.lone_candidates parts:500x4 --seconds 100 --names "general, tuned"

The folder is of a domain of `benchmarks/training_peers`, and of identities behind those that are
raced there. Printed are epochs, seconds of processor time, and the EER of the calibration part and
of the test part in percent, with the whitening that the calibration part chooses. The test part is
looked at, since the folder is one to develop by.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.training_peers.domains import write_folder
from training.config.candidates import Candidate
from training.configs import own_folder
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.data.split import DataSplit, split_data
from training.fit.progress import Progress
from training.selection.image_pool import ImagePool
from training.selection.member import entry_of
from training.selection.trial import WHITENINGS, Embedded, Trials, held_out, score
from training.transfer.pretrained import open_weights

_DATA = Path("../shared/data")
_STARTS = Path("training/starts")
_RACED = {"parts": 600, "reliefs": 600, "typefaces": 120, "emoji": 520}
"""Identities of a domain that are left out: all of the race's, and some more."""
_JOINED = 3


@dataclass(frozen=True)
class _Network:
    """A trained network: its name with its epochs, its processor time, and its embeddings."""

    name: str
    seconds: float
    embedded: Embedded


def main(arguments: Sequence[str]) -> None:
    """Train on a folder, and print a line for each network and each joined one."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measures.lone_candidates")
    parser.add_argument("folder", help="domain and size, such as parts:500x4")
    parser.add_argument("--seconds", type=float, nargs="+", default=[100.0])
    parser.add_argument("--names", nargs="+", help="candidates; all that are trained, unless given")
    options = parser.parse_args(arguments)
    domain, _, size = options.folder.partition(":")
    identities, each = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "data"
        write_folder(domain, _DATA, (identities, each), where, skip=_RACED[domain])
        _measure(open_data(where), _asked(options.names), options.seconds)


def _asked(names: Sequence[str] | None) -> list[Candidate]:
    return [
        each
        for each in own_folder.CANDIDATES
        if "epochs=0" not in each.settings and (names is None or each.name in names)
    ]


def _measure(data: ImageSet, candidates: Sequence[Candidate], seconds: Sequence[float]) -> None:
    split = split_data(data, own_folder.CONFIG.split, own_folder.CONFIG.seed, frozenset())
    trials = Trials(ImagePool(data), Progress(), time.process_time)
    trials.settle_threads(own_folder.CONFIG, split)
    networks = [_trained(trials, split, each, limit) for limit in seconds for each in candidates]
    for count in range(1, _JOINED + 1):
        for together in combinations(networks, count):
            _print(together, split)


def _trained(trials: Trials, split: DataSplit, candidate: Candidate, seconds: float) -> _Network:
    start = None if candidate.start is None else open_weights(_STARTS / candidate.start)
    config = entry_of(candidate, own_folder.CONFIG, (), start).config
    epochs = max(1, int(seconds / trials.epoch(config, split).seconds))
    config, began = config.model_copy(update={"epochs": epochs}), time.process_time()
    encoder = trials.trained(config, split, start)
    if encoder is None:
        raise SystemExit(f"the training of {candidate.name} failed")
    spent = time.process_time() - began
    return _Network(f"{candidate.name} ({epochs})", spent, trials.embedded(config, encoder))


def _print(networks: Sequence[_Network], split: DataSplit) -> None:
    vectors = np.concatenate([each.embedded[0] for each in networks], axis=1)
    joined = (vectors / len(networks) ** 0.5, networks[0].embedded[1])
    parts = (split, replace(split, calibration=split.test))
    whitenings = [[score(*held_out(joined, part, each)) for each in WHITENINGS] for part in parts]
    best = min(range(len(WHITENINGS)), key=lambda each: whitenings[0][each].total)
    rates = ", ".join(f"{100 * part[best].eer:.1f}" for part in whitenings)
    names = " + ".join(each.name for each in networks)
    sys.stdout.write(f"{sum(each.seconds for each in networks):4.0f} s  {rates} %  {names}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
