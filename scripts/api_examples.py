"""Write app/api/examples.json: the answers of the shipped models for the drawings in examples/.

    python scripts/api_examples.py

Long lists are cut to their first entries, so that the examples are readable.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from app.gallery.sql.commands import run
from app.main import create_app
from app.settings import Settings, WantedPrecision

ROOT = Path(__file__).parents[1]
TO = ROOT / "app" / "api" / "examples.json"
DIGITS = 4
SHORT = 8
"""Numbers of a list that is not cut: a box, or what a locator finds."""
LONGEST = 3
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
WHEN = "2026-11-29T09:30:00Z"


def answers() -> dict[str, Any]:
    """Return the whole answers, by path."""
    one, other = ((ROOT / "examples" / name).read_bytes() for name in ("ann-1.jpg", "ann-2.jpg"))
    with TestClient(create_app(Settings(precision=WantedPrecision.FP32))) as client:
        verified = client.post("/verify", files={"image1": one, "image2": other}).json()
        embedded = client.post("/embed", files=[("image", one), ("image", other)]).json()
        probe, gallery = embedded["embeddings"][0], embedded["embeddings"]
        compared = client.post("/compare", json={"probe": probe, "gallery": gallery}).json()
        return {
            "/verify": verified,
            "/embed": embedded,
            "/compare": compared,
            **of_galleries(one, other),
            "/models": client.get("/models").json(),
            "/models/{name}": client.get("/models/faces").json(),
            "/livez": client.get("/livez").json(),
            "/readyz": client.get("/readyz").json(),
        }


def of_galleries(one: bytes, other: bytes) -> dict[str, Any]:
    """Return the answers of a gallery of two identities, by path."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/gallery.db"
        run("migrate", url)
        with TestClient(
            create_app(Settings(gallery_url=url, precision=WantedPrecision.FP32))
        ) as client:
            made = client.put("/galleries/people").json()
            at = "/galleries/people/identities"
            enrolled = client.put(f"{at}/ann", files={"image": one}).json()
            ben = (ROOT / "examples" / "ben-1.jpg").read_bytes()
            client.put(f"{at}/ben", files={"image": ben})
            found = client.post("/galleries/people/identify", files={"image": other})
            verified = client.post("/galleries/people/verify/ann", files={"image": other})
            client.put("/galleries/people.new")
            return {
                "/galleries": client.get("/galleries").json(),
                "/galleries/{gallery}": made,
                "/galleries/{gallery}/identities": client.get(at).json(),
                "/galleries/{gallery}/identities/{identity}": enrolled,
                "GET /galleries/{gallery}/identities/{identity}": client.get(f"{at}/ann").json(),
                "/galleries/{gallery}/identities/{identity}/neighbours": client.get(
                    f"{at}/ann/neighbours"
                ).json(),
                "/galleries/{gallery}/identify": found.json(),
                "/galleries/{gallery}/verify/{identity}": verified.json(),
                "/galleries/{gallery}/swap": client.post(
                    "/galleries/people/swap?other=people.new"
                ).json(),
                "DELETE /galleries/{gallery}/identities/{identity}": client.delete(
                    "/galleries/people.new/identities/ann"
                ).json(),
                "DELETE /galleries/{gallery}": client.delete("/galleries/people.new").json(),
            }


def shorten(value: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Round a value to four significant digits, and cut its long lists."""
    if isinstance(value, dict):
        return {name: shorten(part) for name, part in value.items()}
    if isinstance(value, str):
        return WHEN if TIME.fullmatch(value) else value
    if isinstance(value, list):
        numbers = all(isinstance(part, int | float) for part in value)
        is_long = numbers and len(value) > SHORT
        return [shorten(part) for part in (value[:LONGEST] if is_long else value)]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value


def file_text() -> str:
    """Return the text of the file."""
    found = {path: shorten(answer) for path, answer in answers().items()}
    manifest = found["/models/{name}"]
    templates = manifest["templates"] or {"sizes": []}
    templates["sizes"] = templates["sizes"][:1]
    for figures in (manifest, *templates["sizes"]):
        curve, calibration = figures["accuracy"]["curve"], figures["calibration"]
        curve["rates"] = curve["rates"][:LONGEST]
        calibration["operating_points"] = calibration["operating_points"][:LONGEST]
    if manifest["identification"]:
        for name in ("points", "galleries", "fnir_intervals"):
            manifest["identification"][name] = manifest["identification"][name][:LONGEST]
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TO.write_text(file_text(), encoding="utf-8")
    print(f"wrote {TO.relative_to(ROOT)}")
