import csv
import io

import httpx2
import numpy as np
import pytest

from model.manifest import Metric
from model.scoring import energy
from tests import fakes
from tests.browser.pictures import EXAMPLES, as_file, module, until
from tests.servers import server

NAMES = ["ann-1.jpg", "ann-2.jpg", "ben-1.jpg", "ben-2.jpg", "cat-1.jpg", "cat-2.jpg"]


@pytest.fixture
def many(page):
    page.get_by_role("link", name="Many images").click()
    return page


def service_energies(url, model):
    files = [("image", (EXAMPLES / name).read_bytes()) for name in NAMES]
    answer = httpx2.post(f"{url}/embed", files=files, data={"model": model}, trust_env=False).json()
    rows = []
    for probe in answer["embeddings"]:
        body = {"probe": probe, "gallery": answer["embeddings"], "model": model}
        compared = httpx2.post(f"{url}/compare", json=body, trust_env=False).json()
        rows.append(compared["energies"])
    return np.array(rows)


def test_the_examples_fall_into_three_groups(many):
    many.get_by_role("button", name="Try the examples").click()
    many.get_by_role("heading", name="3 groups").wait_for()
    groups = many.locator(".groups li").all()
    assert [group.locator("img").count() for group in groups] == [2, 2, 2]
    assert many.locator("svg.plot image").count() == 6
    assert many.locator("table.heat td.same").count() == 2 * 3


def test_a_looser_threshold_joins_groups(many):
    many.get_by_role("button", name="Try the examples").click()
    many.get_by_role("heading", name="3 groups").wait_for()
    many.locator("#fmr").fill("0")
    many.get_by_role("heading", name="2 groups").wait_for()


@pytest.mark.parametrize("model", ["faces", "att-chopra"])
def test_the_csv_holds_the_energies_of_the_service(many, shipped, model):
    many.select_option("#model", model)
    many.get_by_role("button", name="Try the examples").click()
    many.wait_for_selector("table.heat")
    with many.expect_download() as waiting:
        many.get_by_role("button", name="Download as CSV").click()
    assert waiting.value.suggested_filename == "energies.csv"
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    expected = service_energies(shipped, model)
    assert len(rows) == 15
    for row in rows:
        i, j = NAMES.index(row["image1"]), NAMES.index(row["image2"])
        assert float(row["energy"]) == pytest.approx(expected[i, j], rel=1e-4)


@pytest.mark.parametrize("metric", [Metric.L1, Metric.L2, Metric.HAMMING])
def test_energies_of_each_metric_are_those_of_the_contract(page, metric):
    rng = np.random.default_rng(5)
    codes = metric is Metric.HAMMING
    rows = rng.integers(0, 256, (4, 9)) if codes else rng.normal(size=(4, 9))
    rows = rows.astype(np.uint8 if codes else np.float32)
    found = module(page, "energies.js", "m.matrix(...given)", [rows.tolist(), metric.value])
    expected = [energy(metric, row, rows) for row in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_in_a_group_every_pair_is_within_the_threshold(page):
    chain = [[abs(a - b) for b in (0, 1, 2, 3.5)] for a in (0, 1, 2, 3.5)]
    assert module(page, "energies.js", "m.groups(...given)", [chain, 1.2]) == [[0, 1], [2], [3]]
    assert module(page, "energies.js", "m.groups(...given)", [chain, 5]) == [[0, 1, 2, 3]]


def test_places_keep_the_distances_of_points_in_a_plane(page):
    points = np.random.default_rng(3).normal(size=(7, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    found = np.array(module(page, "energies.js", "m.places(given)", distances.tolist()))
    again = np.linalg.norm(found[:, None] - found[None], axis=2)
    np.testing.assert_allclose(again, distances, atol=1e-3)


def test_no_name_of_a_file_becomes_a_formula(page):
    names = ['=HYPERLINK("x")', '+a"b']
    text = module(page, "energies.js", "m.csv(...given)", [names, [[0, 1], [1, 0]], 0.5])
    assert text.splitlines()[1] == """"'=HYPERLINK(""x"")","'+a""b",1,false"""


def test_a_broken_image_is_left_out_and_the_others_are_compared(opened, shipped, tmp_path):
    page = opened(f"{shipped}/#many", ignored=["422"])
    page.wait_for_selector("#model:not([disabled])")
    broken = tmp_path / "cut.jpg"
    broken.write_bytes((EXAMPLES / "cat-1.jpg").read_bytes()[:700])
    page.set_input_files("#several", [EXAMPLES / "ann-1.jpg", broken, EXAMPLES / "ann-2.jpg"])
    page.get_by_role("heading", name="One group").wait_for()
    assert "It is left out" in page.locator(".crowd li.failed").inner_text()


def test_images_are_dropped_and_taken_out_and_no_more_than_the_limit_is_taken(many):
    many.dispatch_event("#crowd", "drop", {"dataTransfer": as_file(many, EXAMPLES / NAMES[0])})
    many.set_input_files("#several", [EXAMPLES / NAMES[i % 6] for i in range(34)])
    many.get_by_text("3 were left out").wait_for()
    assert many.locator(".crowd li").count() == 32
    many.wait_for_selector("table.heat.small")
    many.get_by_role("button", name="Remove 1, ann-1.jpg").click()
    until(many, "document.querySelectorAll('table.heat tbody tr').length === 31")
    many.get_by_role("button", name="Remove all").click()
    many.get_by_text("Drop or paste images here").wait_for()


def test_a_model_of_signs_is_tried_with_signs(many):
    many.select_option("#model", "omniglot")
    many.get_by_role("button", name="Try the examples").click()
    many.get_by_role("heading", name="2 groups").wait_for()
    groups = many.locator(".groups li").all()
    assert [group.locator("img").count() for group in groups] == [2, 1]


def test_examples_are_those_of_the_chosen_model_while_its_manifest_is_still_awaited(many):
    held = []

    def hold(route):
        held.append(route)

    many.route("**/models/omniglot", hold)
    many.select_option("#model", "omniglot")
    many.get_by_role("button", name="Try the examples").click()
    many.wait_for_timeout(200)
    assert many.locator(".crowd img").count() == 0
    assert held
    for route in held:
        route.continue_()
    many.get_by_role("heading", name="2 groups").wait_for()
    assert many.locator(".crowd li").count() == 3


def test_examples_that_cannot_be_fetched_are_told_and_tried_again(opened, shipped):
    page = opened(f"{shipped}/#many", ignored=["net::ERR_FAILED"])
    page.wait_for_selector("#model:not([disabled])")
    page.route("**/examples/*", lambda route: route.abort())
    page.get_by_role("button", name="Try the examples").click()
    page.get_by_text("The service cannot be reached").wait_for()
    page.unroute("**/examples/*")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="3 groups").wait_for()
    assert page.locator(".crowd li").count() == 6


def test_a_search_among_images_has_an_error_rate_of_its_own(page):
    found = {"fpir": 0.08, "fpir_interval": [0.04, 0.12]}
    told = module(page, "words.js", "m.searchSentence(...given)", [10, {"identification": found}])
    assert told.startswith("Of 1,000 searches among 10 different things for one that is not there")
    assert "about 80 (40 to 120) find one by mistake" in told


def test_a_search_without_a_measured_rate_says_why(page):
    unmeasured = {"identification": None, "identification_reason": "too large a gallery"}
    found = module(page, "words.js", "m.searchSentence(...given)", [2000, unmeasured])
    assert found.endswith(
        "among 2,000 finds something by mistake is not known: too large a gallery."
    )


def test_a_search_among_the_images_has_an_error_rate_of_its_own(opened, tmp_path):
    fakes.make_bundle(tmp_path, "tiny", identification=fakes.make_identification())
    with server(tmp_path) as (_, client):
        page = opened(f"{client.base_url}/#many")
        page.wait_for_selector("#model:not([disabled])")
        page.set_input_files("#several", [EXAMPLES / NAMES[i % 6] for i in range(11)])
        page.get_by_text("Of 1,000 searches among 10 different things").wait_for()
        assert "about 80 (40 to 120) find one" in page.locator(".search").inner_text()
        page.close()  # Before the service, which it may still be asking.
