"""`python -m benchmarks`: run one benchmark, or write the page.

python -m benchmarks run NAME [--seconds 5 --rounds 5]
python -m benchmarks report
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import result
from benchmarks.catalog import BENCHMARKS
from benchmarks.errors import BenchmarkError
from benchmarks.host import machine
from benchmarks.load import wrk
from benchmarks.payloads import pictures
from benchmarks.plan import Plan
from benchmarks.report import render

_DATA = machine.ROOT.parent / "shared" / "data"
_PAGE = machine.ROOT / "docs" / "performance.md"
_SHOWN = ("att", "lfw", "photo-640x480", "photo-1920x1080")


def main(arguments: Sequence[str]) -> int:
    """Run a command line; the exit status is 1 if there is no figure."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run":
            _run(options)
        else:
            _report(options.results, options.page)
    except BenchmarkError as error:
        sys.stderr.write(f"no figure: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure, and write benchmarks/results/NAME.json")
    run.add_argument("name", choices=BENCHMARKS)
    run.add_argument(
        "--seconds", type=float, default=5.0, help="duration of one round of one contender"
    )
    run.add_argument("--rounds", type=int, default=5)
    run.add_argument(
        "--requests",
        type=int,
        default=20_000,
        help="requests or images of memory and soak",
    )
    run.add_argument(
        "--hostile", type=float, default=0.1, help="share of the soak's requests that are hostile"
    )
    run.add_argument(
        "--galleries", type=Path, help="folder that keeps filled galleries between runs"
    )
    run.add_argument("--data", type=Path, default=_DATA, help="folder with att_faces.zip and lfw/")
    run.add_argument("--results", type=Path, default=result.RESULTS)
    report = commands.add_parser("report", help="write docs/performance.md from the results")
    report.add_argument("--results", type=Path, default=result.RESULTS)
    report.add_argument("--page", type=Path, default=_PAGE)
    return parser


def _run(options: argparse.Namespace) -> None:
    wrk.find_wrk()
    with tempfile.TemporaryDirectory() as folder, machine.occupancy_by_others() as others:
        plan = Plan(
            options.seconds,
            options.rounds,
            options.data,
            Path(folder),
            options.requests,
            options.hostile,
            options.galleries,
        )
        found = BENCHMARKS[options.name].measure(plan)
    file = result.write(
        result.Result(
            options.name,
            _command(options),
            machine.revision(),
            machine.describe(),
            machine.versions(),
            others[0].others,
            found,
            _pictures(options.data),
        ),
        options.results,
    )
    sys.stdout.write(f"wrote {file}\n")
    for figure in found.figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        sys.stdout.write(f"  {figure.name}: {figure.value:.3g} {figure.unit} {verdict}\n")


def _report(results: Path, page: Path) -> None:
    rendered = render(result.read_all(results))
    plots = page.parent / page.stem
    plots.mkdir(parents=True, exist_ok=True)
    page.write_text(rendered.text)
    for name, text in rendered.plots.items():
        (plots / name).write_text(text)
    for stale in {file.name for file in plots.glob("*.svg")} - set(rendered.plots):
        (plots / stale).unlink()
    sys.stdout.write(f"wrote {page} and {len(rendered.plots)} plots\n")


def _command(options: argparse.Namespace) -> str:
    requests = (
        f" --requests {options.requests}"
        if options.name in {"bulk-memory", "memory", "soak"}
        else ""
    )
    requests += f" --hostile {options.hostile:g}" if options.name == "soak" else ""
    requests += " --galleries FOLDER" if options.galleries else ""
    return (
        f"python -m benchmarks run {options.name} --seconds {options.seconds:g} "
        f"--rounds {options.rounds}{requests}"
    )


def _pictures(data: Path) -> dict[str, str]:
    made = (pictures.make_pictures(name, 4, data) for name in _SHOWN)
    return {each.name: f"{each.source}, {each.mean_kb:.3g} kB" for each in made}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
