import io
import itertools
import time

import pytest
from rich.console import Console

from tests.training import synthetic
from tests.training.adoption import graphs
from training.adoption.adopt import adopt
from training.adoption.declaration import Declaration
from training.adoption.request import Reading, Source, Terms
from training.export.bundle import export_run
from training.export.int8_graph import Graphs
from training.runs.run_folder import RunFolder
from training.stages import ConsoleStages, Stages

MEASURED = [
    "comparing 15 images of 5 identities of the test part",
    "choosing thresholds on 15 images of 5 identities",
    "fitting the domain check",
    "measuring accuracy, with intervals",
    "measuring several images on a side",
    "measuring searches in galleries",
]


class Noted(Stages):
    """Stages with what was counted in each."""

    def __init__(self):
        self.stages = {}

    def begin(self, stage):
        self.stages[stage] = self.counts = {}

    def count(self, what, number):
        self.counts[what] = self.counts.get(what, 0) + number


def test_without_a_terminal_each_stage_has_a_line_and_a_long_one_a_line_every_8_seconds():
    now, out = [0.0], io.StringIO()
    stages = ConsoleStages(Console(file=out, width=40), lambda: now[0])
    stages.look()
    stages.begin("comparing 3,000 images of the test part, [all] of them")
    for _ in range(20):
        now[0] += 1
        stages.count("read", 100)
        stages.look()
    stages.begin("writing")
    stages.look()
    assert out.getvalue().splitlines() == [
        "comparing 3,000 images of the test part, [all] of them",
        "comparing 3,000 images of the test part, [all] of them: 800 read (8 s)",
        "comparing 3,000 images of the test part, [all] of them: 1,600 read (16 s)",
        "writing",
    ]


def test_a_stage_that_counts_nothing_is_told_of_by_a_thread_until_the_end():
    seconds, out = itertools.count(0, 10), io.StringIO()
    with ConsoleStages(Console(file=out, width=80), lambda: float(next(seconds))) as stages:
        stages.begin("quantising")
        until = time.monotonic() + 20
        while "s)" not in out.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
    said = out.getvalue()
    assert said.splitlines()[1].startswith("quantising (")
    time.sleep(1.2)
    assert out.getvalue() == said


def test_on_a_terminal_the_stage_and_its_count_are_one_line_that_goes_away():
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    with ConsoleStages(console) as stages:
        stages.begin("comparing [3] images")
        stages.count("read", 2)
        stages._spinner.refresh()
        assert "comparing [3] images: 2 read 0:00:00" in out.getvalue()
        stages.begin("writing")
        stages._spinner.refresh()
        assert "writing 0:00:00" in out.getvalue().rsplit("comparing", 1)[1]
    assert out.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize("graphs_of_bundle", Graphs)
def test_an_export_says_what_it_does_and_counts_its_images(run, tmp_path, graphs_of_bundle):
    noted = Noted()
    export_run(RunFolder(run), tmp_path / "bundle", graphs=graphs_of_bundle, stages=noted)
    both = graphs_of_bundle is Graphs.BOTH
    assert list(noted.stages) == [
        "opening the run and its data",
        "writing the graph, and comparing it with PyTorch",
        *MEASURED,
        *(["making the int8 graph, which is measured in the same way"] if both else []),
    ]
    assert noted.stages[MEASURED[0]] == {"read": 15, "embedded": 15}


def test_an_adoption_says_what_it_does_and_counts_its_images(tmp_path):
    images = synthetic.image_set({f"new{i:02d}": 3 for i in range(24)})
    file, noted = tmp_path / "model.onnx", Noted()
    file.write_bytes(graphs.projection(16))
    reading = Reading(Declaration(mean=(127.5,), std=(127.5,)))
    adopt(Source.read(file, images, stages=noted), tmp_path / "theirs", reading, Terms("Free."))
    stages = list(noted.stages)
    assert stages[:2] == [
        "trying the encoder on a few images",
        "comparing 36 images of 12 identities of the test part",
    ]
    assert stages[-3:] == [
        "measuring calibration identities, as declared",
        "measuring calibration identities, channels as BGR",
        "measuring calibration identities, pixels / 255",
    ]
    assert noted.stages[stages[1]] == noted.stages[stages[-1]] == {"read": 36, "embedded": 36}
