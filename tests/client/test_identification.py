"""One against many in the client and the shell, against the real service."""

import likewise_client as lc
import numpy as np
import pytest
from likewise_client.in_process import in_process
from likewise_client.shell.main import main

from tests import fakes


@pytest.fixture
def _bundles(tmp_path, monkeypatch):
    fakes.make_bundle(tmp_path, "tiny", identification=fakes.make_identification())
    monkeypatch.setenv("LIKEWISE_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("LIKEWISE_DEFAULT_MODEL", "tiny")


@pytest.mark.usefixtures("_bundles")
def test_a_target_fpir_is_sent_and_its_rates_come_back(tmp_path, capsys):
    rows = np.zeros((11, fakes.DIM), np.float32)
    with in_process() as service:
        found = service.compare(rows[0], rows[1:], fpir=0.1)
        assert found.threshold == 0.25
        assert (found.identification.gallery_size, found.identification.target_fpir) == (10, 0.1)
        assert found.identification.fpir == pytest.approx(0.11)
        assert found.identification_reason is None
        with pytest.raises(lc.ChoiceRefused, match=r"0\.1 up to 100"):
            service.compare(rows[0], rows, fpir=0.05)
        assert service.model("tiny").identification.galleries[-1].gallery_size == 100
    probe, gallery = tmp_path / "probe.npy", tmp_path / "gallery.npy"
    np.save(probe, rows[:1])
    np.save(gallery, rows[1:])
    assert main(["compare", "--fpir", "0.1", str(probe), str(gallery)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 10
    assert "of probes of nobody in a gallery of 10, 11 % (8.0 % to 14 %) match a row" in said.err
