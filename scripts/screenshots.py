"""Take pictures of the page for the docs: each view, wide and narrow, light and dark.

    make screenshots

Runs the service with the shipped bundles, and a headless Chromium; writes docs/playground/*.png.
"""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from app.gallery.sql.commands import run
from scripts.service import free_port, service

ROOT = Path(__file__).parents[1]
TO = ROOT / "docs" / "playground"
EXAMPLES = ROOT / "app" / "page" / "examples"
WIDTHS = {"desktop": 1180, "phone": 390}
SCHEMES = ("light", "dark")
COLOURS = 200
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
)
USUAL_PORT = 8000
"""The page shows the port, so the pictures have this one where it is free."""


def pair(page: Page) -> None:
    """Show two images and their decision."""
    page.get_by_role("button", name="Ann and Ben").click()
    page.wait_for_selector(".badge.different")
    page.wait_for_selector("#slots .slot >> nth=1 >> .seen")


def many(page: Page) -> None:
    """Show six images in three groups."""
    page.get_by_role("link", name="Many images").click()
    page.get_by_role("button", name="Try the examples").click()
    page.wait_for_selector("table.heat")


def draw(page: Page) -> None:
    """Draw two signs by hand."""
    page.select_option("#model", "omniglot")
    page.get_by_role("button", name="Two signs").wait_for()
    for place, shift in enumerate((0, 6)):
        slot = page.locator("#slots .slot").nth(place)
        slot.get_by_role("button", name="Draw").click()
        box = slot.locator("canvas").bounding_box()
        for stroke in (
            [(60, 40), (58, 100), (64, 165)],
            [(60, 105), (110, 90), (150, 110), (140, 160), (66, 164)],
        ):
            for step, (x, y) in enumerate(stroke):
                page.mouse.move(box["x"] + x + shift, box["y"] + y - shift, steps=6)
                if step == 0:
                    page.mouse.down()
            page.mouse.up()
    page.wait_for_selector(".badge")
    page.wait_for_selector("#slots .slot >> nth=1 >> .seen")


def gallery(page: Page) -> None:
    """Enrol the drawn people in a gallery, search it, and show who is near whom."""
    page.get_by_role("link", name="Gallery").click()
    page.locator("#gallery-content details.maker").wait_for()
    if not page.locator("#gallery-name").count():
        page.get_by_role("button", name="Make the gallery").click()
        for name in ("Ann", "Ben", "Cat"):
            page.get_by_label("Name", exact=True).last.fill(name)
            page.set_input_files("#enrol-images", EXAMPLES / f"{name.lower()}-1.jpg")
            page.get_by_role("button", name="Enrol", exact=True).click()
            page.locator(".people strong", has_text=name).wait_for()
    page.set_input_files("#picture", EXAMPLES / "ann-2.jpg")
    page.wait_for_selector(".badge.same")
    page.wait_for_selector("#gallery .seen")
    page.get_by_role("button", name="Nearest pairs of these").click()
    page.wait_for_selector(".near table")


def models(page: Page) -> None:
    """Show the cards of the models."""
    page.get_by_role("link", name="Models").click()
    page.wait_for_selector(".card")


VIEWS: dict[str, Callable[[Page], None]] = {
    "pair": pair,
    "many": many,
    "draw": draw,
    "gallery": gallery,
    "models": models,
}


def save(picture: bytes, to: Path) -> None:
    """Write a picture with few colours, so that the repository stays small."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS)
    few.save(to, optimize=True)


def chromium_path() -> str:
    """Return the path of a Chromium, or end the program where there is none."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        sys.exit("there is no Chromium; scripts/browser.sh installs one")
    return chromium


@contextmanager
def service_with_gallery() -> Iterator[str]:
    """Run the service with an empty store, and yield its URL."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/gallery.db"
        run("migrate", store)
        settings = {"LOG_LEVEL": "error", "GALLERY_URL": store, "PRECISION": "fp32"}
        with service(free_port(USUAL_PORT), **settings) as url:
            yield url


def main() -> None:
    """Make all pictures."""
    chromium = chromium_path()
    TO.mkdir(exist_ok=True)
    options = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with service_with_gallery() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        for name, show in VIEWS.items():
            for size, width in WIDTHS.items():
                for scheme in SCHEMES:
                    page = browser.new_page(
                        viewport={"width": width, "height": 900},
                        color_scheme=scheme,
                        reduced_motion="reduce",
                        has_touch=size == "phone",
                        is_mobile=size == "phone",
                    )
                    page.goto(url)
                    page.wait_for_selector("#model:not([disabled])")
                    show(page)
                    page.mouse.move(0, 0)
                    # The first card is enough.
                    tall = name != "models"
                    save(page.screenshot(full_page=tall), TO / f"{name}-{size}-{scheme}.png")
                    page.close()
        browser.close()
    print(f"wrote {len(list(TO.glob('*.png')))} pictures to {TO.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
