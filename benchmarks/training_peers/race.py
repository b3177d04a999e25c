"""Race of `own_folder` against the script and frozen encoders, in equal processor time.

    python -m benchmarks.training_peers.race --minutes 2 --cells reliefs:38x64 att:20x4
    python -m benchmarks.training_peers.race --table

Each cell is a domain and a size. All contenders are fitted to the training part of the split that
`own_folder` draws, and measured on its test part: the EER over all pairs of at most ten images of
an identity, with its standard error over identities (delete-one jackknife).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.host import machine
from benchmarks.training_peers import frozen
from benchmarks.training_peers.domains import write_folder

RESULTS = Path(__file__).parent / "results.json"
_DATA = machine.ROOT.parent / "shared" / "data"
_BUNDLES = machine.ROOT / "model" / "bundles"
_PER_IDENTITY = 10

Energies = NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """EER of one contender in one cell, its standard error, and its processor time."""

    cell: str
    contender: str
    eer: float
    standard_error: float
    seconds: float
    note: str = ""


def eer(energies: Energies, labels: NDArray[np.int64]) -> float:
    """Equal error rate of all pairs, from their energies, (images, images)."""
    rows, columns = np.triu_indices(len(labels), 1)
    order = np.argsort(energies[rows, columns], kind="stable")
    genuine = (labels[rows] == labels[columns])[order]
    fmr, fnmr = np.cumsum(~genuine) / (~genuine).sum(), 1 - np.cumsum(genuine) / genuine.sum()
    closest = int(np.argmin(np.abs(fmr - fnmr)))
    return float(fmr[closest] + fnmr[closest]) / 2


def with_error(energies: Energies, labels: NDArray[np.int64]) -> tuple[float, float]:
    """EER, and its standard error by leaving out one identity after another."""
    identities = np.unique(labels)
    left_out = []
    for identity in identities:
        kept = labels != identity
        left_out.append(eer(energies[np.ix_(kept, kept)], labels[kept]))
    spread = np.var(left_out) * (len(identities) - 1)
    return eer(energies, labels), float(np.sqrt(spread))


class Cell:
    """One domain at one size, in a folder of its own.

    Args:
        name: Such as `reliefs:38x64`.
        folder: An empty folder.
        seconds: Processor time of each training.
    """

    def __init__(self, name: str, folder: Path, seconds: float) -> None:
        self.name, self._folder, self._seconds = name, folder, seconds
        self._data = folder / "data"
        domain, _, size = name.partition(":")
        identities, images = map(int, size.split("x"))
        written = write_folder(domain, _DATA, (identities, images), self._data)
        if written < identities:
            raise SystemExit(f"{name}: {domain} has {written} identities of {images} images")

    def race(self) -> list[Result]:
        """Train and measure every contender."""
        own = self._own()
        split = json.loads((self._folder / "run" / "split.json").read_text())
        known = [file for name in split["train"] for file in self._files(name)]
        self._tested = [
            file for name in split["test"] for file in self._files(name)[:_PER_IDENTITY]
        ]
        names = [Path(file).parent.name for file in self._tested]
        self._labels = np.unique(names, return_inverse=True)[1]
        vectors = frozen.embed(self._folder / "mine", self._tested)
        chosen = json.loads((self._folder / "run" / "config.json").read_text())["choice"]
        names = [tried["name"] for tried in chosen["tried"] if tried["chosen"]]
        return [
            self._result("own_folder", frozen.distances(vectors), own, " + ".join(names)),
            self._script(split["train"]),
            *self._frozen(known),
        ]

    def _files(self, identity: str) -> list[str]:
        return [str(file) for file in sorted((self._data / identity).iterdir())]

    def _own(self) -> float:
        run, train = self._folder / "run", [sys.executable, "-m", "training"]
        options = ["--minutes", str(self._seconds / 60), "--processor-time"]
        command = [*train, "train", "own_folder", "--data", str(self._data), "--out", str(run)]
        seconds = _run([*command, *options])
        to = str(self._folder / "mine")
        _run([*train, "export", str(run), "--to", to, "--precision", "fp32"])
        return seconds

    def _script(self, train: list[str]) -> Result:
        known = self._folder / "known"
        known.mkdir()
        for name in train:
            (known / name).symlink_to(self._data / name)
        tested, out = self._folder / "tested.json", self._folder / "script.npy"
        tested.write_text(json.dumps(self._tested))
        module = "benchmarks.training_peers.script"
        arguments = [str(known), str(tested), str(self._seconds), str(out)]
        seconds = _run([sys.executable, "-m", module, *arguments])
        return self._result("script", frozen.distances(np.load(out)), seconds)

    def _frozen(self, known: list[str]) -> list[Result]:
        tested, listed = self._folder / "tested.json", self._folder / "known.json"
        listed.write_text(json.dumps(known))
        found = []
        for bundle in ("faces-crops", "omniglot"):
            out = self._folder / f"{bundle}.npz"
            module = "benchmarks.training_peers.frozen"
            arguments = [str(_BUNDLES / bundle), str(listed), str(tested), str(out)]
            seconds = _run([sys.executable, "-m", module, *arguments])
            for how, energies in np.load(out).items():
                found.append(self._result(f"{bundle}, {how}", energies, seconds))
        return found

    def _result(self, who: str, energies: Energies, seconds: float, note: str = "") -> Result:
        rate, error = with_error(energies, self._labels)
        result = Result(self.name, who, round(rate, 5), round(error, 5), round(seconds, 1), note)
        sys.stdout.write(
            f"{self.name:22s} {who:20s} {100 * rate:6.2f} % ± {100 * error:.2f} %"
            f"  {seconds:5.0f} s  {note}\n"
        )
        sys.stdout.flush()
        return result


def _run(command: list[str]) -> float:
    """Run a command with one thread; returns its processor time, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(results: list[Result]) -> str:
    """Table of all cells in Markdown; the first of a row is bold."""
    cells, contenders = ({getattr(r, key): None for r in results} for key in ("cell", "contender"))
    found = {(r.cell, r.contender): r for r in results}
    lines = [f"| | {' | '.join(contenders)} |", f"| --- |{' --- |' * len(contenders)}"]
    for cell in cells:
        rates = [found[cell, name].eer for name in contenders if (cell, name) in found]
        texts = []
        for name in contenders:
            each = found.get((cell, name))
            text = f"{100 * each.eer:.1f} ± {100 * each.standard_error:.1f} %" if each else ""
            texts.append(f"**{text}**" if each and each.eer == min(rates) else text)
        lines.append(f"| {cell} | {' | '.join(texts)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Run the cells that are asked for, and keep their results; or print all results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_peers.race")
    parser.add_argument("--minutes", type=float, default=2.0, help="processor time of a training")
    parser.add_argument("--cells", nargs="*", default=[], help="such as reliefs:38x64")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="print the results as a table")
    options = parser.parse_args(arguments)
    for name in options.cells:
        with tempfile.TemporaryDirectory() as folder:
            found = Cell(name, Path(folder), 60 * options.minutes).race()
        # Read anew, since other races may have written theirs in the meantime.
        results = [each for each in _stored(options.results) if each.cell != name] + found
        options.results.write_text(json.dumps([asdict(each) for each in results], indent=1) + "\n")
    if options.table:
        sys.stdout.write(table(_stored(options.results)) + "\n")


def _stored(file: Path) -> list[Result]:
    return [Result(**each) for each in json.loads(file.read_text())] if file.exists() else []


if __name__ == "__main__":
    main(sys.argv[1:])
