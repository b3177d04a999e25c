import re
from pathlib import Path

import pytest

from app.api.middleware.api_key import OPEN

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/security.md").read_text()
HOSTILE = (TESTS.parent / "docs/hostile.md").read_text()


@pytest.mark.parametrize("page", [PAGE, HOSTILE], ids=["security", "hostile"])
def test_every_test_that_a_page_names_exists(page):
    files = set(re.findall(r"`([\w/]+/test_\w+\.py)`", page))
    assert len(files) > 3
    assert [name for name in files if not (TESTS / name).is_file()] == []
    written = "\n".join((TESTS / name).read_text() for name in files)
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 5
    assert [name for name in named if f"def {name}(" not in written] == []


def test_the_page_names_every_path_that_is_open():
    assert [path for path in OPEN if f"`{path}`" not in PAGE] == []
