import contextlib
import subprocess
import sys

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.settings import SHIPPED_BUNDLES, Settings
from app.telemetry.drift import MINIMUM
from app.telemetry.exposition import exposition
from app.telemetry.families import EXPORTED
from app.telemetry.recorder import Recorder
from app.telemetry.telemetry import Telemetry
from app.telemetry.window import HALF
from app.worker.service import running_service
from app.zone import Outcome
from model.bundle import open_bundle
from model.locating.locator import Found
from model.locating.squares import Located
from tests import fakes

MODEL = {
    "model": "faces",
    "version": open_bundle(SHIPPED_BUNDLES / "faces").manifest.version,
}


@pytest.fixture(scope="module")
def faces():
    return open_bundle(SHIPPED_BUNDLES / "faces").manifest


@pytest.fixture
def recorder(tmp_path):
    with contextlib.closing(Recorder(tmp_path, ["overloaded"])) as opened:
        yield opened


def samples(recorder):
    """Every sample by its name and labels."""
    text = exposition(recorder.folder, recorder.baselines).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(recorder, name, **labels):
    return samples(recorder).get((name, frozenset(labels.items())))


def told(telemetry, manifest, energies):
    for energy in energies:
        telemetry.decided(manifest, float(energy), Outcome.of(same=energy < 1))


def from_calibration(manifest, size, seed=0):
    """Energies of as many genuine as impostor pairs."""
    histogram = manifest.calibration.histogram
    shares = np.array(histogram.genuine) + np.array(histogram.impostor)
    rng = np.random.default_rng(seed)
    centres = (np.array(histogram.edges[1:]) + np.array(histogram.edges[:-1])) / 2
    return rng.choice(centres, size, p=shares / shares.sum())


def test_every_family_is_exported_under_its_name_with_its_help(recorder, faces):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    telemetry.requested("/verify", 200, 0.001)
    telemetry.decoded(0.001)
    telemetry.inferred(0.001, 2)
    telemetry.waited(0.001)
    telemetry.located(faces, [Found(Located(0.9, 5, 5, 3, 0), 0)])
    told(telemetry, faces, from_calibration(faces, MINIMUM))
    text = telemetry.exposition().decode()
    found = {f.name: f.documentation for f in text_string_to_metric_families(text)}
    assert found == {family.name: family.text for family in EXPORTED}


def test_what_is_told_is_counted(recorder, faces):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    telemetry.requested("/verify", 200, 0.004)
    telemetry.requested("/verify", 422, 0.5)
    telemetry.refused("broken-image")
    telemetry.waiting(3)
    telemetry.inferred(0.002, 8)
    telemetry.decided(faces, 0.5, Outcome.SAME)
    telemetry.decided(faces, 0.99, Outcome.UNSURE)
    telemetry.compared(faces, same=2, different=98)
    found = samples(recorder)

    def of(name, **labels):
        return found[name, frozenset(labels.items())]

    assert of("likewise_requests_total", route="/verify", status="422") == 1
    assert of("likewise_request_seconds_bucket", route="/verify", le="0.005") == 1
    assert of("likewise_request_seconds_count", route="/verify") == 2
    assert of("likewise_refused_total", reason="broken-image") == 1
    assert of("likewise_refused_total", reason="overloaded") == 0
    assert of("likewise_queue_depth") == 3
    assert of("likewise_batch_images_sum") == 8
    assert of("likewise_decisions_total", route="/verify", outcome="same", **MODEL) == 1
    assert of("likewise_decisions_total", route="/verify", outcome="unsure", **MODEL) == 1
    assert of("likewise_decisions_total", route="/compare", outcome="different", **MODEL) == 98
    assert of("likewise_energy_sum", **MODEL) == 0.5 + 0.99
    assert of("likewise_workers") == 1


WORKER = """
import sys
from pathlib import Path
from app.worker.service import running_service
from app.zone import Outcome
from app.settings import SHIPPED_BUNDLES, Settings
from app.telemetry.recorder import Recorder
from app.telemetry.telemetry import Telemetry
from model.bundle import open_bundle

faces = open_bundle(SHIPPED_BUNDLES / "faces").manifest
telemetry = Telemetry(Recorder(Path(sys.argv[1])))
telemetry.serves([faces])
telemetry.waiting(5)
for _ in range(600):
    telemetry.decided(faces, 0.9, Outcome.SAME)
print("told", flush=True)
sys.stdin.read()
"""


def test_the_numbers_of_all_workers_are_one_and_the_gauges_of_the_dead_are_gone(
    recorder, tmp_path, faces
):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    told(telemetry, faces, [1.5] * 500)
    other = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", WORKER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline() == "told\n"
        assert value(recorder, "likewise_workers") == 2
        assert value(recorder, "likewise_queue_depth") == 5
        assert value(recorder, "likewise_energy_count", **MODEL) == 1100
        assert value(recorder, "likewise_energy_psi_decisions", **MODEL) == 1100
        assert value(recorder, "likewise_energy_psi", **MODEL) > 1
    finally:
        other.kill()
        other.communicate()
    assert value(recorder, "likewise_workers") == 1
    assert value(recorder, "likewise_queue_depth") == 0
    assert value(recorder, "likewise_energy_count", **MODEL) == 1100
    assert value(recorder, "likewise_energy_psi_decisions", **MODEL) == 500
    assert value(recorder, "likewise_energy_psi", **MODEL) is None


def test_drift_is_there_from_the_minimum_on_and_is_small_without_any(recorder, faces):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    energies = from_calibration(faces, MINIMUM)
    told(telemetry, faces, energies[1:])
    assert value(recorder, "likewise_energy_psi", **MODEL) is None
    told(telemetry, faces, energies[:1])
    assert value(recorder, "likewise_energy_psi", **MODEL) < 0.05
    assert abs(value(recorder, "likewise_energy_genuine_share", **MODEL) - 0.5) < 0.1


def test_what_is_long_past_is_forgotten(recorder, faces):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    told(telemetry, faces, [0.1] * HALF)
    assert value(recorder, "likewise_energy_psi", **MODEL) > 1
    told(telemetry, faces, from_calibration(faces, 2 * HALF))
    assert value(recorder, "likewise_energy_psi", **MODEL) < 0.05


def test_a_model_that_is_replaced_begins_anew_and_its_predecessor_is_served_no_more(recorder):
    old = fakes.make_manifest(b"old graph", golden=(0.0,) * fakes.DIM)
    new = fakes.make_manifest(b"new graph", golden=(0.0,) * fakes.DIM, version="1.3.0")
    telemetry = Telemetry(recorder)
    telemetry.serves([old])
    told(telemetry, old, [0.1] * 10)
    telemetry.serves([new])
    telemetry.decided(old, 0.1, Outcome.SAME)  # a request that had begun
    found = samples(recorder)
    info = {dict(k[1])["version"]: v for k, v in found.items() if k[0] == "likewise_model_info"}
    assert info == {"1.2.3": 0, "1.3.0": 1}
    recent = {
        dict(k[1])["version"]: v
        for k, v in found.items()
        if k[0] == "likewise_energy_psi_decisions"
    }
    assert recent == {"1.3.0": 0}


def test_models_that_stay_keep_their_recent_energies(recorder, faces):
    telemetry = Telemetry(recorder)
    telemetry.serves([faces])
    told(telemetry, faces, [0.1] * 10)
    telemetry.serves([faces, fakes.make_manifest(b"graph", golden=(0.0,) * fakes.DIM)])
    assert value(recorder, "likewise_energy_psi_decisions", **MODEL) == 10


def test_a_worker_that_closes_says_nothing_of_the_present(recorder):
    recorder.requested("/verify", 200, 0.001)
    recorder.close()
    assert value(recorder, "likewise_workers") is None
    assert value(recorder, "likewise_requests_total", route="/verify", status="200") == 1


def test_without_metrics_nothing_is_kept():
    telemetry = Telemetry()
    telemetry.requested("/verify", 200, 0.001)
    telemetry.waited(0.001, telemetry.trace())
    assert telemetry.exposition() == b""


def test_a_worker_that_takes_in_changed_models_says_which_it_serves(recorder, tmp_path):
    fakes.make_bundle(tmp_path / "bundles", "tiny")
    settings = Settings(models_dir=tmp_path / "bundles", default_model="tiny")
    with running_service(settings, Telemetry(recorder)) as service:
        fakes.make_bundle(tmp_path / "bundles", "another", seed=1)
        service.reloaded()
        assert set(recorder.baselines) == {"tiny", "another"}
