import os
from pathlib import Path

import pytest

from tests.training import synthetic

_DATA = os.environ.get("LIKEWISE_DATA")  # Read before the environment is cleared for each test.


@pytest.fixture(scope="session")
def data_sets():
    """Where the real data sets lie; a test that asks for it skips where they do not."""
    folder = Path(_DATA) if _DATA else Path(__file__).parents[2] / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}; set LIKEWISE_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder of 20 identities with 4 images each."""
    root = tmp_path_factory.mktemp("patterns") / "data"
    return synthetic.write_files(root, synthetic.files_of())
