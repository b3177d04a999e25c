import sys

import pytest
import torch

from tests import locators
from tests.training import gpus, synthetic
from tests.training.exporter import graphs_traced_once
from training import configs
from training.cli import main
from training.console import console
from training.export.bundle import export_run
from training.runs.run_folder import RunFolder
from training.serving_graph import locator_folder
from training.serving_graph.locator_folder import TrainedLocator, write_locator

# What is compared bit for bit is so on the CPU, on a machine with a GPU too.
gpus.hide()


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Networks this small gain nothing from a second thread, and wait for it on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def _graphs_traced_once(shared_folder):
    with graphs_traced_once(shared_folder("graphs")):
        yield


@pytest.fixture(scope="session")
def folder(made_once):
    """A folder of 20 identities with 4 images each."""
    files = synthetic.files_of()
    return made_once("patterns", lambda to: synthetic.write_files(to / "data", files)) / "data"


@pytest.fixture(scope="session")
def run(folder, made_once):
    """The folder of a finished run on `folder`; not to be changed."""
    config = synthetic.config(images_per_identity=3)
    runs = made_once("runs", lambda to: synthetic.train(config, folder, to / "patterns"))
    return runs / "patterns"


@pytest.fixture(scope="session")
def exported(run, made_once):
    """The bundle of `run`; not to be changed."""
    bundles = made_once("bundles", lambda to: export_run(RunFolder(run), to / "patterns"))
    return bundles / "patterns"


@pytest.fixture(scope="session")
def pair_run(folder, made_once):
    """The folder of a finished run of a network of pairs on `folder`; not to be changed."""
    config = synthetic.pair(images_per_identity=3)
    runs = made_once("pair-runs", lambda to: synthetic.train(config, folder, to / "pairs"))
    return runs / "pairs"


@pytest.fixture(scope="session")
def exported_pair(pair_run, made_once):
    """The bundle of `pair_run`; not to be changed."""
    bundles = made_once("pair-bundles", lambda to: export_run(RunFolder(pair_run), to / "pairs"))
    return bundles / "pairs"


@pytest.fixture(scope="session")
def codes_run(folder, made_once):
    """The folder of a finished run of a network of codes on `folder`; not to be changed."""
    config = synthetic.codes(epochs=1)
    runs = made_once("codes-runs", lambda to: synthetic.train(config, folder, to / "codes"))
    return runs / "codes"


@pytest.fixture(scope="session")
def exported_codes(codes_run, made_once):
    """The bundle of `codes_run`; not to be changed."""
    bundles = made_once("codes-bundles", lambda to: export_run(RunFolder(codes_run), to / "codes"))
    return bundles / "codes"


@pytest.fixture
def shipped_marks(tmp_path, monkeypatch):
    """The only shipped locator, `marks`, which finds the marks of `tests.locators`."""
    graph = locators.locator_graph()
    locator = TrainedLocator(locators.make_spec(graph), graph)
    write_locator(locator, tmp_path / "locators" / "marks")
    monkeypatch.setattr(locator_folder, "_SHIPPED", tmp_path / "locators")
    return locator


@pytest.fixture
def named_config(tmp_path, monkeypatch):
    """Puts a config beside the shipped ones, as a file; returns its name."""
    name = f"tiny_{tmp_path.name}"
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / f"{name}.py").write_text(
        "from tests.training.synthetic import config\nCONFIG = config(epochs=2)\n"
    )
    monkeypatch.setattr(configs, "__path__", [*configs.__path__, str(tmp_path / "configs")])
    yield name
    sys.modules.pop(f"training.configs.{name}", None)


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs the command line; gives its exit code, and what it wrote to stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(console, "width", 300)  # It may have been made with another width.

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        code = None
        try:
            main()
        except SystemExit as error:
            code = error.code
        out, err = capsys.readouterr()
        if isinstance(code, str):  # As Python does at the end of a process.
            code, err = 1, f"{err}{code}\n"
        return code or 0, out, err

    return run
