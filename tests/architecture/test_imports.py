import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))
WEB = {"fastapi", "starlette", "fastapi_offline", "multipart", "python_multipart"}


def name_of(path):
    return str(path.relative_to(ROOT))


def imported(path):
    """The top-level packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_the_service_starts_without_torch_and_onnx():
    code = "import sys, app.main, app.__main__; print(*sys.modules, sep='\\n')"
    run = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "onnx", "sklearn", "scipy", "matplotlib", "training"}


def test_the_contracts_of_import_linter_hold():
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run(  # noqa: S603 (our own tool)
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_api_and_the_composition_root_know_the_web(path):
    if "api" not in path.parts and path.name != "main.py":
        assert not WEB & set(imported(path))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_encoders_know_the_runtime(path):
    if path.parent.name != "encoders":
        assert "onnxruntime" not in set(imported(path))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_settings_read_the_environment(path):
    if path.name != "settings.py":
        text = path.read_text()
        assert "environ" not in text.replace("environment", "")
        assert "getenv" not in text
