import re
from pathlib import Path

from app.api.problem_types import ANSWERS
from app.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text()
NEVER_SEEN = {
    "client-gone",  # nobody is left to see it
    "bad-request",  # the bases of families, each of whose members has its own
    "unavailable",
    "unusable-image",
    "self-check-failed",  # shown by GET /models as a reason, never as an answer's type
    "broken-bundle",
}


def test_every_setting_stands_in_the_page():
    missing = [f for f in Settings.model_fields if f"LIKEWISE_{f.upper()}" not in PAGE]
    assert not missing


def test_every_type_of_problem_stands_in_the_page_with_its_status():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [45]\d\d", line)]
    for answer in ANSWERS.values():
        if answer.slug not in NEVER_SEEN:
            row = next(row for row in rows if f"`{answer.slug}`" in row)
            assert str(answer.status.value) in row.split("|")[1]


def test_the_default_limits_stand_in_the_page():
    for field in ("max_image_bytes", "max_image_pixels", "max_images", "max_gallery"):
        row = next(line for line in PAGE.splitlines() if f"`LIKEWISE_{field.upper()}`" in line)
        assert f"{Settings.model_fields[field].default:,}" in row
