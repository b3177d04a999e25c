"""The heat map can be read by colour, text and frame, in the light and in the dark."""

import re

import pytest

LEVELS = range(10)


def over(colour, ground):
    """Lay a colour (r, g, b[, alpha]) over an opaque one."""
    red, green, blue, *alpha = colour
    share = alpha[0] if alpha else 1.0
    return [share * a + (1 - share) * b for a, b in zip((red, green, blue), ground, strict=True)]


def luminance(colour):
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """The contrast ratio of WCAG 2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def numbers(text):
    return [float(part) for part in re.findall(r"[\d.]+", text)]


@pytest.fixture(params=["light", "dark"])
def cells(request, opened, shipped):
    """The background and the text colour of each level, and the ground."""
    page = opened(f"{shipped}/#many", color_scheme=request.param)
    page.wait_for_selector("#model:not([disabled])")
    page.get_by_role("button", name="Try the examples").click()
    page.wait_for_selector("table.heat")
    found = page.evaluate(
        """(levels) => levels.map((level) => {
            const cell = document.querySelector("table.heat td:not(.self):not([class=''])");
            cell.className = `level${level} same`;
            const style = getComputedStyle(cell);
            return [style.backgroundColor, style.color, style.boxShadow];
        })""",
        list(LEVELS),
    )
    ground = numbers(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    return ground, found


def test_the_number_in_a_cell_can_be_read(cells):
    ground, found = cells
    for level, (background, text, _) in enumerate(found):
        assert contrast(over(numbers(background), ground), numbers(text)) >= 4.5, level


def test_a_small_energy_stands_out_from_a_large_one(cells):
    ground, found = cells
    shades = [contrast(over(numbers(background), ground), ground) for background, _, _ in found]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] / shades[-1] >= 3
    assert len(set(shades)) >= 6


def test_a_frame_is_seen_on_every_shade(cells):
    ground, found = cells
    for level, (background, _, frame) in enumerate(found):
        colours = [numbers(part) for part in re.findall(r"rgb\(([^)]+)\)", frame)]
        shade = over(numbers(background), ground)
        assert max(contrast(shade, colour) for colour in colours) >= 3, level
