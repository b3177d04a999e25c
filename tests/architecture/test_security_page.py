import re
from pathlib import Path

from app.api.middleware.api_key import OPEN

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/security.md").read_text()


def test_every_test_that_the_page_names_exists():
    files = set(re.findall(r"`([\w/]+/test_\w+\.py)`", PAGE))
    assert len(files) > 5
    assert [name for name in files if not (TESTS / name).is_file()] == []
    written = "\n".join((TESTS / name).read_text() for name in files)
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 5
    assert [name for name in named if f"def {name}(" not in written] == []


def test_the_page_names_every_path_that_is_open():
    assert [path for path in OPEN if f"`{path}`" not in PAGE] == []
