"""What the browser tests hand to the page."""

import base64

from app.api.page import ASSETS
from tests.servers import ROOT, wait_until

EXAMPLES = ROOT / "app" / "page" / "examples"
ANN = EXAMPLES / "ann-1.jpg"
ANN_AGAIN = EXAMPLES / "ann-2.jpg"
BEN = EXAMPLES / "ben-1.jpg"
SIGN = EXAMPLES / "sign-a-1.png"


def as_file(page, path, name=None):
    """A File in the page, as a drop or a paste brings one."""
    data = base64.b64encode(path.read_bytes()).decode()
    kind = "image/png" if path.suffix == ".png" else "image/jpeg"
    return page.evaluate_handle(
        """([data, name, type]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type }));
            return transfer;
        }""",
        [data, name or path.name, kind],
    )


def choose(page, *paths):
    """Choose the images of the pair by their file inputs."""
    for label, path in zip(("first-image", "second-image"), paths, strict=False):
        page.set_input_files(f"#{label}", path)


def verdict(page):
    page.wait_for_selector(".badge")
    return page.locator(".badge").inner_text()


def module(page, name, call, argument=None):
    """Call something of one of the page's modules."""
    root = page.evaluate("document.documentElement.dataset.root")
    return page.evaluate(
        f"async (given) => {{ const m = await import('{root}{ASSETS}/{name}'); return {call}; }}",
        argument,
    )


def until(page, expression):
    """Wait for something in the page; Playwright's own way is stopped by the page's policy."""
    wait_until(lambda: page.evaluate(expression), within_s=20)
