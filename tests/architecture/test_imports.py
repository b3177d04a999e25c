import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))
WEB = {"fastapi", "starlette", "fastapi_offline", "multipart", "python_multipart"}
ENVIRONMENT = re.compile(r"environ(?!ment)|getenv")


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


@pytest.fixture(scope="module")
def imports():
    """Each module of the service, and the top-level packages that it imports."""
    return {path: set(imported(path)) for path in MODULES}


def test_only_the_api_and_the_composition_root_know_the_web(imports):
    know = [path for path, names in imports.items() if WEB & names]
    assert len(know) > 10
    assert [path for path in know if "api" not in path.parts and path.name != "main.py"] == []


def test_only_the_encoders_know_the_runtime(imports):
    know = [path for path, names in imports.items() if "onnxruntime" in names]
    assert know
    assert [path for path in know if path.parent.name != "encoders"] == []


def test_only_the_settings_read_the_environment():
    read = [path for path in MODULES if ENVIRONMENT.search(path.read_text())]
    assert [path.name for path in read] == ["settings.py"]
