import dataclasses
import json
import re

import numpy as np
import pytest

from model.bundle import open_bundle
from model.manifest import GalleryRates, Identification
from tests import domains
from tests.training import synthetic
from training.data.labels import ImageLabels
from training.data.readers.folder import read_folder
from training.evaluation.evaluate import evaluate
from training.report.page import write_report
from training.report.verdict import verdict_of

NEW = {f"new{i}": 2 for i in range(4)}


@pytest.fixture(scope="module")
def bundle(exported):
    return open_bundle(exported)


@pytest.fixture(scope="module")
def evaluation(bundle, folder):
    return evaluate(bundle, read_folder(folder))


@pytest.fixture(scope="module")
def report(evaluation, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "deep" / "er"
    write_report(evaluation, out)
    return out


def page_of(evaluation, folder):
    write_report(evaluation, folder)
    return (folder / "report.html").read_text()


def test_the_json_holds_the_manifests_figures(report, evaluation, bundle):
    document = json.loads((report / "evaluation.json").read_text())
    assert document["accuracy"] == json.loads(bundle.manifest.accuracy.model_dump_json())
    assert document["conditions"] == json.loads(bundle.manifest.conditions.model_dump_json())
    assert document["bundle"]["sha256"] == bundle.manifest.onnx.sha256
    assert document["same_data_as_calibration"] is True
    assert document["verdict"]["sentence"] == verdict_of(evaluation).sentence
    for said, point in zip(
        document["operating_points"], bundle.manifest.calibration.operating_points, strict=True
    ):
        assert said["target_fmr"] == point.target_fmr
        assert said["threshold"] == point.threshold
        assert said["supported"] == point.supported
        assert said["fmr"] == point.test.fmr


def test_the_json_is_standard(report):
    def refuse(name):
        raise AssertionError(name)

    document = json.loads((report / "evaluation.json").read_text(), parse_constant=refuse)
    bins = document["likelihood_ratio_reliability"]
    assert sum(one["genuine"] for one in bins) == document["accuracy"]["sample"]["genuine_pairs"]


def test_the_page_refers_to_nothing_outside_itself(report):
    html = (report / "report.html").read_text()
    namespaces = re.compile(r'xmlns(:\w+)?="https?://[^"]+"')
    assert not re.findall(r"https?://[^\s\"'<]+", namespaces.sub("", html))
    assert not re.search(r"<(script|link|iframe)\b|@import|url\((?!#)", html)
    assert set(re.findall(r'<img src="(\w+:image/\w+);', html)) == {"data:image/png"}


def test_the_verdict_stands_first(report, evaluation):
    html = (report / "report.html").read_text()
    assert html.index("<h2") == html.index('<h2 id="verdict">')
    assert verdict_of(evaluation).sentence in html.replace("\xa0", " ")


def test_the_page_has_its_plots_and_figures(report, bundle):
    html = (report / "report.html").read_text()
    assert html.count("<svg") == html.count("</svg>") == 3
    assert f"{100 * bundle.manifest.accuracy.eer:.2f} %" in html
    assert "not the data" not in html
    assert "#01010" not in html, "a stand-in for a colour of the page"


def test_unsupported_points_are_marked_and_not_drawn(evaluation, bundle, tmp_path):
    calibration = bundle.manifest.calibration
    points = tuple(
        point.model_copy(update={"supported": i in {0, 2}})
        for i, point in enumerate(calibration.operating_points)
    )
    changed = calibration.model_copy(update={"operating_points": points})
    manifest = bundle.manifest.model_copy(update={"calibration": changed})
    other = dataclasses.replace(bundle, manifest=manifest)
    html = page_of(dataclasses.replace(evaluation, bundle=other), tmp_path)
    assert html.count('class="tag">not supported<') == len(points) - 2
    energies = html.split("<svg")[1].split("</svg>")[0]
    assert set(re.findall(r">([\d.]+ %)</text>", energies)) == {"10 %", "1 %"}


def test_the_tables_say_which_part_they_are_of(report, bundle, tmp_path):
    part = re.compile(r'scope="colgroup" colspan="2" class="part">([^<]*)<')
    assert part.findall((report / "report.html").read_text()) == ["calibration", "test"]
    html = page_of(evaluate(bundle, synthetic.image_set(NEW)), tmp_path)
    assert part.findall(html) == ["stated (test)", "measured here"]


def test_the_worst_pairs_are_those_of_the_extreme_energies(report, evaluation):
    html = (report / "report.html").read_text()
    pairs = evaluation.pairs
    shown = [float(text) for text in re.findall(r"<p>energy ([\d.e+-]+):", html)]
    assert f"{pairs.genuine[-1]:.4g}" == f"{shown[0]:.4g}"
    assert f"{pairs.impostor[0]:.4g}" in {f"{energy:.4g}" for energy in shown}
    listed = html.split("<h3>Two identities")[0].split("<h3>One identity, far apart")[1]
    names = re.findall(r"<figcaption>(\w+)/\d.png", listed)
    assert names[::2] == names[1::2]
    assert len(set(names)) == len(names) / 2 == 5, "each of the five test identities once"


def test_pictures_can_be_left_out(evaluation, tmp_path):
    write_report(evaluation, tmp_path, pictures=0)
    assert "<img" not in (tmp_path / "report.html").read_text()


def test_other_data_is_warned_of(bundle, tmp_path):
    found = evaluate(bundle, synthetic.image_set(NEW))
    html = page_of(found, tmp_path)
    assert "not the data that the bundle was calibrated on" in html
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["same_data_as_calibration"] is False


def test_the_same_evaluation_gives_the_same_report(evaluation, report, tmp_path):
    write_report(evaluation, tmp_path)
    for name in ("report.html", "evaluation.json"):
        assert (tmp_path / name).read_bytes() == (report / name).read_bytes()


def test_a_name_is_shown_and_never_run(bundle, tmp_path):
    images = synthetic.image_set({f"<script>alert({i})</script>": 2 for i in range(4)})
    names = [image.name for image in images]
    labels = ImageLabels({"<b>": dict(zip(names, ["<i>", "<u>"] * 4, strict=True))})
    images = dataclasses.replace(images, name="<script>alert(1)</script>")
    html = page_of(evaluate(bundle, images, labels=labels), tmp_path)
    assert "<script" not in html
    assert not {"<b>", "<i>", "<u>"} & set(re.findall("<.*?>", html))
    assert "&lt;script&gt;" in html
    assert "By &lt;b&gt;" in html


def test_energies_that_do_not_overlap_can_be_reported_too(bundle, tmp_path):
    files = {  # An identity is one flat grey: its pairs have no energy at all.
        f"g{level:03d}/{k}.png": synthetic.png(np.full((16, 16), level, np.uint8))
        for level in (0, 120, 250)
        for k in range(2)
    }
    images = read_folder(synthetic.write_files(tmp_path / "flat", files))
    found = evaluate(bundle, images)
    assert found.accuracy.eer == 0
    write_report(found, tmp_path / "report")


def test_images_out_of_the_domain_are_told_of(tmp_path):
    bundle = open_bundle(domains.make_bundle_with_domain(tmp_path))
    found = evaluate(bundle, synthetic.image_set({f"new{i}": 2 for i in range(12)}))
    html = page_of(found, tmp_path / "report")
    assert found.images_out_of_domain == 24
    assert "All 24 images are out of the bundle&#39;s domain" in html or "All 24 images" in html
    assert "<h3>By domain percentile</h3>" in html


def test_rates_by_gallery_size_are_shown_where_the_bundle_has_them(evaluation, bundle, tmp_path):
    points = len(bundle.manifest.accuracy.curve.thresholds)

    def page_with(measured):
        manifest = bundle.manifest.model_copy(update={"identification": measured})
        other = dataclasses.replace(bundle, manifest=manifest)
        return page_of(dataclasses.replace(evaluation, bundle=other), tmp_path)

    galleries = tuple(
        GalleryRates(gallery_size=size, fpir=(rate,) * points, fpir_intervals=((0, 1),) * points)
        for size, rate in ((1, 0.125), (10, 0.625))
    )
    html = page_with(Identification(people=5, points=(), galleries=galleries))
    rows = re.findall(r'<tr><th scope="row">([\d,]+)</th><td>([\d.]+ %)', html)
    assert rows == [("1", "12.50 %"), ("10", "62.50 %")]
    assert "One against many" not in page_with(None)
