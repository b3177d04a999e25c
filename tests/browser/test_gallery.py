"""The Gallery tab: enrol, find, erase, who is near whom; without a store it says what to set."""

import re

import numpy as np
import pytest
from likewise_client.shell.enrolment import Folder
from PIL import Image

from app.gallery.sql.commands import run
from app.keys.entries import make_key
from app.keys.scopes import parse_scopes
from tests import fakes, locators
from tests.browser.pictures import as_file, module, until
from tests.browser.test_hostile_texts import SCRIPTS, check
from tests.browser.test_page import findings
from tests.domains import make_bundle_with_domain
from tests.locators import file_of, mark, picture
from tests.servers import server

LONG = "Ann-" * 32
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    models = folder / "bundles"
    fakes.make_bundle(models, "tiny", identification=fakes.make_identification())
    locators.with_locator(fakes.make_bundle(models, "marks"))
    make_bundle_with_domain(models, "checking")
    return folder


@pytest.fixture(scope="module")
def client(folder):
    url = f"sqlite:///{folder / 'gallery.db'}"
    run("migrate", url)
    with server(folder / "bundles", GALLERY_URL=url) as (_, client):
        yield client


@pytest.fixture
def photos(tmp_path):
    """Files with an image each of the identities 0 to 3."""
    paths = [tmp_path / f"{name}.png" for name in ("Ann", "Ben", "Cas", "Dee")]
    for identity, path in enumerate(paths):
        path.write_bytes(fakes.photo(identity))
    return paths


@pytest.fixture
def enrolled(client, name):
    """A gallery with Ann to Dee and someone of a long name."""
    client.put(f"/galleries/{name}")
    for identity, person in enumerate(("Ann", "Ben", "Cas", "Dee", LONG)):
        enrol(client, name, person, fakes.photo(identity))
    yield name
    client.delete(f"/galleries/{name}")


def enrol(client, gallery, person, image):
    at = f"/galleries/{gallery}/identities/{person}"
    assert client.put(at, files={"image": image}).status_code == 200


def open_gallery(opened, client, gallery=None, ignored=(), **options):
    page = opened(f"{client.base_url}/#gallery", ignored=ignored, **options)
    page.wait_for_selector("#gallery-content details.maker")
    if gallery is not None:
        page.select_option("#gallery-name", gallery)
        page.wait_for_selector(".people strong")
    return page


def names_in(page):
    return page.locator(".people strong").all_inner_texts()


def rows_of(page, table):
    return [row.locator("th, td").all_inner_texts() for row in page.locator(table).all()]


def test_without_a_store_the_tab_says_what_to_set(opened, shipped):
    page = opened(f"{shipped}/#gallery", ignored=["404"])
    page.get_by_text("This service has no galleries.").wait_for()
    assert "set LIKEWISE_GALLERY_URL" in page.inner_text("#gallery")
    assert page.get_by_role("button", name="Enrol").count() == 0
    page.get_by_role("link", name="Two images").click()
    page.get_by_text("Do these two show the same thing?").wait_for()


def test_a_gallery_is_made_somebody_enrolled_found_and_erased_by_the_keyboard(
    opened, client, photos, name
):
    page = open_gallery(opened, client, ignored=["404"])
    if page.locator("#gallery-name").count():
        page.get_by_text("Make another gallery").click()
    page.fill("#new-gallery", name)
    page.keyboard.press("Enter")
    page.get_by_text("Nobody is enrolled yet").wait_for()
    page.fill("#identity-name", "Ann Lee")
    page.dispatch_event(".enrol", "drop", {"dataTransfer": as_file(page, photos[0])})
    page.get_by_text("1 picture", exact=True).wait_for()
    page.get_by_role("button", name="Enrol", exact=True).press("Enter")
    page.get_by_text("Ann Lee is enrolled, by tiny").first.wait_for()
    until(page, "document.querySelectorAll('.people strong').length === 1")
    assert client.get(f"/galleries/{name}/identities/Ann%20Lee").json()["images"] == 1
    page.get_by_role("button", name="Erase Ann Lee").press("Enter")
    page.keyboard.press("Enter")  # The focus is on Keep.
    assert page.evaluate("document.activeElement.ariaLabel") == "Erase Ann Lee"
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    receipt = page.locator(".panel .notice")
    receipt.wait_for()
    assert "Ann Lee is erased, and gone from" in receipt.inner_text()
    page.get_by_text("Nobody is enrolled yet").wait_for()
    assert client.get(f"/galleries/{name}/identities/Ann%20Lee").status_code == 404
    assert "0 identities, of tiny" in page.locator(".gallery-head").inner_text()


def test_a_picture_has_the_candidates_of_the_service_and_the_rates_of_the_galleries_size(
    opened, client, enrolled, photos
):
    page = open_gallery(opened, client, enrolled)
    page.set_input_files("#picture", photos[1])
    page.wait_for_selector(".badge.same")
    at = f"/galleries/{enrolled}/identify"
    answer = client.post(at, files={"image": photos[1].read_bytes()}).json()
    shown = rows_of(page, ".candidates tbody tr")
    assert [[row[0], row[1], row[3]] for row in shown] == [
        [str(each["rank"]), each["identity"], each["decision"]] for each in answer["candidates"]
    ]
    energies = [each["energy"] for each in answer["candidates"]]
    assert [float(row[2]) for row in shown] == pytest.approx(energies, rel=1e-3, abs=1e-6)
    told = page.locator(".answer .sentence").inner_text()
    low, high = (round(100 * rate) for rate in answer["identification"]["fnmr_interval"])
    assert "pictures of nobody in a gallery of 5" in told
    assert f"({low} to {high}) do not match their own identity (FNIR)" in told
    assert page.locator(".badge").inner_text() == "Ben"
    page.get_by_text("Decide otherwise").click()
    assert page.locator("#target-fpir option").all_inner_texts() == ["10 %", "5 %"]
    page.select_option("#target-fpir", "0.05")
    page.locator(".answer", has_text="threshold 0.2").wait_for()
    page.fill("#own-threshold", "9")
    page.keyboard.press("Enter")
    page.locator(".answer", has_text="threshold 9").wait_for()
    assert page.locator(".badge").inner_text() == "5 identities match"


def test_a_gallery_of_an_unmeasured_size_decides_nothing(page):
    answer = {
        "candidates": [{"identity": "a", "decision": None}],
        "threshold": None,
        "identification": None,
        "identification_reason": "the largest supported size is 100",
        "size": 101,
    }
    told = module(page, "gallery_words.js", "m.found(given)", answer)
    assert told["badge"] == "Undecided"
    assert told["sentence"].endswith("known: the largest supported size is 100.")


def test_many_are_enrolled_by_the_names_of_files_and_what_cannot_be_is_listed(
    opened, client, photos, name, tmp_path
):
    client.put(f"/galleries/{name}")
    hostile = tmp_path / f"{SCRIPTS[1]}.png"
    hostile.write_bytes(fakes.photo(8))
    cut = tmp_path / "Cut.png"
    cut.write_bytes(fakes.photo(9)[:300])
    page = opened(f"{client.base_url}/#gallery", ignored=["422"])
    page.wait_for_selector("#gallery-name")
    page.select_option("#gallery-name", name)
    page.get_by_label("Many:").check()
    page.set_input_files("#enrol-images", [*photos, hostile, cut])
    page.get_by_text("6 pictures of 6 identities").wait_for()
    page.get_by_role("button", name="Enrol", exact=True).click()
    page.get_by_text("4 of 6 are enrolled").first.wait_for()
    failed = page.locator(".failures").inner_text()
    assert f"{SCRIPTS[1]}: " in failed
    assert re.search(r"Cut: .*damaged or cut short", failed)
    until(page, "document.querySelectorAll('.people strong').length === 4")
    assert names_in(page) == ["Ann", "Ben", "Cas", "Dee"]
    check(page)


def test_a_picture_unlike_the_models_own_is_enrolled_and_told(opened, client, name, tmp_path):
    client.put(f"/galleries/{name}?model=checking")
    usual, invoice = tmp_path / "Ann.png", tmp_path / "Invoice.png"
    usual.write_bytes(fakes.photo(3))
    lines = np.full((60, 40), 250, np.uint8)
    lines[::4] = 20
    invoice.write_bytes(file_of(Image.fromarray(lines)))
    page = opened(f"{client.base_url}/#gallery")
    page.wait_for_selector("#gallery-name")
    page.select_option("#gallery-name", name)
    page.get_by_label("Many:").check()
    page.set_input_files("#enrol-images", [usual, invoice])
    page.get_by_role("button", name="Enrol", exact=True).click()
    page.get_by_text("2 of 2 are enrolled").first.wait_for()
    told = page.locator(".said .domain li").all_inner_texts()
    assert len(told) == 1
    assert re.search(r"^Invoice: .* other images than these: .*Invoice\.png \(\d+", told[0])


def test_a_folder_gives_the_names_as_in_the_shell(opened, client, tmp_path):
    root = tmp_path / "people"
    for person, takes in (("Zoë", 2), ("Ann Lee", 3)):
        (root / person).mkdir(parents=True)
        for take in range(takes):
            (root / person / f"{take}.png").write_bytes(fakes.photo(takes, take))
    (root / "notes.txt").write_text("no image")
    (root / "loose.png").write_bytes(fakes.photo(1))
    page = open_gallery(opened, client)
    paths = [path for path in root.rglob("*") if path.is_file()]
    given = [{"file": {"name": p.name}, "path": str(p.relative_to(tmp_path))} for p in paths]
    for folder, chosen in (
        (root, given),
        (
            root / "Zoë",
            [{**each, "path": each["path"][7:]} for each in given if "Zoë" in each["path"]],
        ),
    ):
        found = module(page, "gallery_words.js", "m.grouped(...given)", [chosen, 2])
        expected = Folder.of(folder, 2).identities
        assert found == [
            [name, [{"name": path.name} for path in files]]
            for name, files in sorted(expected.items())
        ]
    page.set_input_files("#enrol-folder", root)
    page.get_by_text("2 pictures of 2 identities: Ann Lee, Zoë").wait_for()
    page.fill("#images-of-each", "2")
    page.keyboard.press("Tab")
    page.get_by_text("4 pictures of 2 identities").wait_for()


def test_identities_are_listed_a_page_at_a_time_with_the_nearest_pairs(opened, client, name):
    client.put(f"/galleries/{name}")
    embedded = client.post("/embed", files={"image": fakes.photo(0)}).json()
    rows = np.random.default_rng(4).standard_normal((23, fakes.DIM))
    rows[21] = rows[3] + 0.01
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for place, row in enumerate(rows):
        sent = {"embedding": row.tolist(), "sha256": embedded["model"]["sha256"]}
        client.put(f"/galleries/{name}/identities/p{place:02d}", json=sent)
    page = open_gallery(opened, client, name)
    assert names_in(page) == [f"p{place:02d}" for place in range(20)]
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Page 2").wait_for()
    assert names_in(page) == ["p20", "p21", "p22"]
    page.get_by_role("button", name="Nearest pairs of these").click()
    page.get_by_role("heading", name="Nearest pairs").wait_for()
    pairs = rows_of(page, ".near tbody tr")
    energies = np.linalg.norm(rows[:, None] - rows, axis=2)
    expected = sorted(
        {  # Of each of the three, the nearest three of all.
            (energies[one, other], *sorted((int(one), int(other))))
            for one in (20, 21, 22)
            for other in np.argsort(energies[one])[1:4]
        }
    )
    assert pairs[0][:2] == ["p21", "p03"]
    assert [float(row[2]) for row in pairs] == pytest.approx([e[0] for e in expected], rel=1e-3)
    manifest = client.get("/models/tiny").json()
    curve = manifest["accuracy"]["curve"]
    last = expected[-1][0]
    rate = np.interp(last, curve["thresholds"], [each["fmr"] for each in curve["rates"]])
    assert pairs[-1][3] == f"about {float(f'{22 * rate:.2g}'):g}"
    page.get_by_role("button", name="Who is near p20").click()
    page.get_by_text("The nearest of 22 others.").first.wait_for()
    assert len(rows_of(page, ".near tbody tr")) == 5
    page.get_by_role("button", name="Previous").click()
    until(page, "document.querySelectorAll('.people strong').length === 20")


def test_how_many_are_as_near_by_accident_is_bounded_by_what_was_measured(page):
    model = {
        "calibration": {"operating_points": [{"supported": True, "target_fmr": 0.01}]},
        "accuracy": {
            "curve": {"thresholds": [0, 1], "rates": [{"fmr": 0}, {"fmr": 0.1}]},
        },
    }
    call = "m.byAccident(...given)"
    near = {"energy": 0.05, "others": 200, "images": [1, 1]}
    assert module(page, "gallery_words.js", call, [near, model]) == "fewer than 2"
    far = near | {"energy": 0.5}
    assert module(page, "gallery_words.js", call, [far, model]) == "about 10"
    several = far | {"images": [1, 3]}
    assert "not measured" in module(page, "gallery_words.js", call, [several, model])
    assert module(page, "gallery_words.js", call, [far, None]) == "not known"


def test_a_key_without_the_scope_is_told_so_and_another_one_can_be_given(
    opened, folder, photos, tmp_path, name
):
    keys = {}
    with (tmp_path / "keys.txt").open("w") as file:
        for scopes in ("read", "read,write"):
            keys[scopes], entry = make_key(scopes.replace(",", "-"), parse_scopes(scopes))
            file.write(f"{entry.line}\n")
    url = f"sqlite:///{tmp_path / 'gallery.db'}"
    run("migrate", url)
    settings = {"GALLERY_URL": url, "API_KEYS_FILE": tmp_path / "keys.txt"}
    with server(folder / "bundles", **settings) as (_, client):
        client.headers["X-API-Key"] = keys["read,write"]
        client.put(f"/galleries/{name}")
        page = opened(f"{client.base_url}/#gallery", ignored=["401", "403"])

        def use(key):
            page.get_by_label("API key", exact=True).fill(key)
            page.get_by_role("button", name="Use it").click()

        use(keys["read"])
        page.get_by_text("Nobody is enrolled yet").wait_for()
        page.fill("#identity-name", "Ann")
        page.set_input_files("#enrol-images", photos[0])
        page.get_by_role("button", name="Enrol", exact=True).click()
        page.get_by_text("needs an API key with the scope write").wait_for()
        page.get_by_role("button", name="Use another API key").click()
        use(keys["read,write"])
        page.wait_for_selector("#key", state="hidden")
        page.get_by_role("button", name="Enrol", exact=True).click()
        page.get_by_text("Ann is enrolled").first.wait_for()
        page.get_by_role("button", name="Erase Ann").click()
        page.get_by_role("button", name="Erase Ann for good").click()
        page.get_by_text("needs an API key with the scope erase").wait_for()
        assert names_in(page) == ["Ann"]
        page.close()  # Before the service, which it may still be asking.


def test_of_several_located_things_one_is_chosen(opened, client, name, tmp_path):
    client.put(f"/galleries/{name}?model=marks")
    crowd = tmp_path / "crowd.png"
    two = picture((320, 240), mark(150, 110, 50, 20), mark(260, 180, 25), identity=1)
    crowd.write_bytes(file_of(two))
    page = opened(f"{client.base_url}/#gallery", ignored=["422"])
    page.wait_for_selector("#gallery-name")
    page.select_option("#gallery-name", name)
    page.fill("#identity-name", "Ann")
    page.set_input_files("#enrol-images", crowd)
    page.get_by_role("button", name="Enrol", exact=True).click()
    page.locator(".failures", has_text="2 things are located").wait_for()
    page.locator(".said").get_by_role("button", name="Take the largest").click()
    page.get_by_text("Ann is enrolled").first.wait_for()
    page.set_input_files("#picture", crowd)
    page.locator("#gallery .slot.failed").get_by_role("button", name="Take the largest").click()
    page.wait_for_selector(".candidates")
    assert float(rows_of(page, ".candidates tbody tr")[0][2]) < 1e-3
    assert page.locator("#gallery .located polygon").count() == 1


def test_a_store_that_fails_is_told_and_asked_again(opened, client):
    page = opened(f"{client.base_url}/docs", ignored=["net::ERR_FAILED"])
    page.route("**/galleries", lambda route: route.abort())
    page.goto(f"{client.base_url}/#gallery")
    page.get_by_text("The service cannot be reached").wait_for()
    page.unroute("**/galleries")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("details.maker")


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    opened, client, enrolled, photos, options
):
    page = open_gallery(opened, client, enrolled, reduced_motion="reduce", **options)
    page.set_input_files("#picture", photos[0])
    page.wait_for_selector(".candidates")
    page.get_by_text("Decide otherwise").click()
    page.get_by_text("Make another gallery").click()
    page.get_by_role("button", name="Nearest pairs of these").click()
    page.get_by_role("heading", name="Nearest pairs").wait_for()
    page.get_by_role("button", name=f"Erase {LONG}").click()
    assert findings(page) == []
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == PHONE["viewport"]["width"]:
        words = re.compile(r"\b(drop|paste|ctrl|keys|arrow|folder)", re.IGNORECASE)
        assert not words.search(page.inner_text("body"))
