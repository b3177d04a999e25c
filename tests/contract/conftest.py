import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import SHIPPED_BUNDLES, Settings
from tests.training import synthetic
from tests.training.exporter import graphs_traced_once
from training.export.bundle import export_run
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="session", autouse=True)
def _graphs_traced_once(shared_folder):
    with graphs_traced_once(shared_folder("graphs")):
        yield


@pytest.fixture(scope="session", params=[synthetic.config, synthetic.chopra], ids=["l2", "l1"])
def trained(request, made_once):
    """A run on drawn patterns, and the folder of bundles with what it exports: (run, folder)."""
    config = request.param(epochs=2)

    def make(root):
        data = synthetic.write_files(root / "data", synthetic.files_of())
        synthetic.train(config, data, root / "run")
        export_run(RunFolder(root / "run"), root / "bundles" / config.name)

    root = made_once(f"contract-{config.metric}", make)
    return RunFolder(root / "run"), root / "bundles"


@pytest.fixture(scope="session")
def served(trained):
    """A client of a service that serves the run's bundle."""
    run, bundles = trained
    settings = Settings(models_dir=bundles, default_model=run.config().name)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def shipped():
    """A client of a service that serves the bundles of this repository."""
    with TestClient(create_app(Settings(models_dir=SHIPPED_BUNDLES))) as client:
        yield client
