"""Write a folder of emoji, each meaning an identity with the drawings of three vendors.

    npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0 openmoji@17.0.0
    python -m examples.emoji_folder ARCHIVE.tgz ARCHIVE.tgz ARCHIVE.tgz --to FOLDER

Only meanings of one code point that all three draw, so that no two differ in skin or hair alone.
Licences: Noto Emoji Apache 2.0, Twemoji CC BY 4.0, OpenMoji CC BY-SA 4.0.
"""

import argparse
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from scripts.screenshots import chromium_path

SIDE = 72
_DRAWING = re.compile(
    r"package/(?:img/(\w+)/64|color/svg)/([0-9A-Fa-f]{4,5})(?:-fe0f)?\.(png|svg)$", re.IGNORECASE
)


def drawings(archive: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield code point, vendor, file type and content of each drawing."""
    with tarfile.open(archive) as tar:
        for member in tar:
            found = _DRAWING.match(member.name)
            file = tar.extractfile(member) if found else None
            if found and file:
                vendor, code, kind = found.groups()
                yield code.lower(), vendor or "openmoji", kind, file.read()


def rendered(page: Page, svg: bytes) -> bytes:
    """Render an SVG as a PNG on white, by Chromium."""
    page.set_content(f"<style>body{{margin:0}}svg{{width:{SIDE}px}}</style>{svg.decode()}")
    return page.screenshot(clip={"x": 0, "y": 0, "width": SIDE, "height": SIDE})


def main() -> None:
    """Read the archives and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archives", type=Path, nargs=3)
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    found: dict[str, dict[str, tuple[str, bytes]]] = {}
    for archive in options.archives:
        for code, vendor, kind, content in drawings(archive):
            found.setdefault(code, {})[vendor] = (kind, content)
    whole = {code: drawn for code, drawn in found.items() if len(drawn) == len(options.archives)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path())
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        for code, drawn in sorted(whole.items()):
            folder = options.to / code
            folder.mkdir(parents=True)
            for vendor, (kind, content) in drawn.items():
                png = rendered(page, content) if kind == "svg" else content
                (folder / f"{vendor}.png").write_bytes(png)
    sys.stdout.write(f"wrote {len(whole)} emoji with {len(options.archives)} drawings each\n")


if __name__ == "__main__":
    main()
