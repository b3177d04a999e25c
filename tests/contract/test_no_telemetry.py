import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", ["app.encoders.session", "training.inference.onnx_runtime"])
def test_onnx_runtime_leaves_nothing_in_home_and_temporary_folder(module, tmp_path):
    """It would be a device id and a queue of events for Microsoft, from the import on."""
    places = ("HOME", "TMPDIR", "XDG_CACHE_HOME")
    folders = {name: str(tmp_path / name.lower()) for name in places}
    for folder in folders.values():
        Path(folder).mkdir()
    inherited = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    code = f"import sys, {module}; assert 'onnxruntime' in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=inherited | folders, check=True)  # noqa: S603 (our own interpreter)
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == []
