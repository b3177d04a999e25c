"""The figures in README and docs are those of their sources, and none is left behind."""

import re

import pytest

from scripts.figures import SENTENCES, fill, shipped
from tests.servers import ROOT


def text_of(page):
    return (ROOT / page).read_text()


def changed(manifest):
    """A manifest with other figures of every kind that is quoted."""
    calibration, accuracy = manifest.calibration, manifest.accuracy
    points = [
        point.model_copy(
            update={
                "threshold": point.threshold + 5,
                "test": point.test.model_copy(
                    update={
                        "fmr": 0.04321,
                        "fnmr": 0.4321,
                        "fmr_interval": (0.0411, 0.0455),
                        "fnmr_interval": (0.411, 0.455),
                    }
                ),
            }
        )
        for point in calibration.operating_points
    ]
    benchmarks = [
        each.model_copy(update={"value": 0.7654, "standard_error": 0.0321})
        for each in accuracy.benchmarks
    ]
    return manifest.model_copy(
        update={
            "version": "9.8.7",
            "calibration": calibration.model_copy(
                update={
                    "operating_points": points,
                    "sample": calibration.sample.model_copy(update={"identities": 4004}),
                }
            ),
            "accuracy": accuracy.model_copy(
                update={
                    "eer": 0.1234,
                    "benchmarks": benchmarks,
                    "sample": accuracy.sample.model_copy(update={"identities": 5005}),
                }
            ),
            "provenance": manifest.provenance.model_copy(
                update={"parameters": 7_700_000, "train_identities": 6006}
            ),
            "onnx": manifest.onnx.model_copy(update={"sha256": "0123456789" * 6 + "abcd"}),
        }
    )


@pytest.mark.parametrize("page", SENTENCES)
def test_a_page_has_the_figures_of_its_sources(page):
    assert fill(page, text_of(page)) == text_of(page), "run `python -m scripts.figures`"


OLD = {
    "README.md": (
        "1.12 0.01039 0.009592 0.1271 1.7 3,432 93.4 4.5 1,700 91.9 8.8 1,711 28.9 1.5 887 2.6 "
        "3.1.0 07b8"
    ),
    "docs/index.md": "1.12 0.01039 0.009592 0.1271 0.1059 3.1.0 07b8",
    "docs/concepts.md": "1.04 12.7",
    "docs/calibrate.md": "12.7 1.155 1.102 0.9977 0.8768",
}


@pytest.mark.parametrize("page", OLD)
def test_another_bundle_changes_every_figure_that_quotes_it(page):
    before = text_of(page)
    after = fill(page, before, {name: changed(each) for name, each in shipped().items()})
    for figure in OLD[page].split():
        exactly = re.compile(rf"(?<![\d.,]){re.escape(figure)}(?![\d])")
        assert exactly.search(before), f"{page} does not quote {figure}"
        assert not exactly.search(after), f"{page} quotes {figure} by hand"


def test_a_sentence_that_was_rewritten_is_told():
    text = text_of("docs/concepts.md").replace("are missed", "are overlooked")
    with pytest.raises(ValueError, match=r"has 0 times: Of 1,000 different pairs.*figures\.py"):
        fill("docs/concepts.md", text)


def test_the_site_is_built_with_figures_of_the_sources_and_not_of_the_text():
    page = "docs/index.md"
    wrong = text_of(page).replace("127 have a higher", "322 have a higher")
    assert wrong != text_of(page)
    assert fill(page, wrong) == text_of(page)
