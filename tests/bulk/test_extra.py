"""The commands without the extra."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKED = """
import sys
from importlib.machinery import PathFinder

class Absent:
    def find_spec(self, name, path=None, target=None):
        return None

find = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, path=None, target=None: None if name == "daft" else find(name, path, target)
)
from bulk.cli import main
sys.exit(main(["embed", "x", "--model", "y", "--to", "z"]))
"""


def test_without_the_extra_a_command_says_what_to_install():
    run = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "daft is not installed: pip install 'likewise[bulk]'" in run.stderr


@pytest.mark.skipif(
    all(find_spec(name) for name in ("daft", "faiss", "pyarrow")), reason="the extra is there"
)
def test_the_other_tests_of_bulk_work():
    pytest.skip("likewise[bulk] is not installed: the tests of its commands are not run")
