import json
import re

import pytest

from model.bundle import open_bundle
from tests import domains
from tests.training import synthetic
from training.data.readers.folder import read_folder
from training.evaluation.evaluate import evaluate


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """24 new identities of two images, the first bright and the second dark."""
    files = {f"new-{name}": content for name, content in synthetic.files_of(24, 2).items()}
    return synthetic.write_files(tmp_path_factory.mktemp("labelled") / "data", files)


@pytest.fixture
def labels(tmp_path, data):
    path = tmp_path / "labels.csv"
    rows = [
        f"{image.name},{'bright' if image.name.endswith('0.png') else '[dark]'},{i % 48 // 30}"
        for i, image in enumerate(read_folder(data))
    ]
    path.write_text("\n".join(["image,light,camera", *rows[:-1]]))
    return path


def test_rates_are_shown_for_the_groups_of_a_column(call, exported, data, labels, tmp_path):
    given = ("--by", "light", "--by", "camera", "--labels", labels, "--out", tmp_path / "report")
    code, out, err = call("evaluate", exported, "--data", data, *given)
    assert code == 0, err
    assert "by light, at the default threshold; 1 images have no label" in out
    rows = [re.split(r" *│ *", line.strip("│ ")) for line in out.splitlines() if "│" in line]
    found = {row[0]: row[1:] for row in reversed(rows)}
    assert found["[dark]"][3] == "no pairs", "each identity has one dark image"
    assert found["across groups"][3] != "no pairs"
    document = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert [each["column"] for each in document["by_label"]] == ["light", "camera"]
    groups = document["by_label"][0]["groups"]
    assert [group["name"] for group in groups] == ["[dark]", "bright", "across groups"]
    assert groups[1]["fmr"]["pairs"] == 24 * 23 // 2
    assert groups[0]["fmr"]["pairs"] == 23 * 22 // 2


@pytest.mark.parametrize("given", [["--by", "light"], ["--labels", "labels.csv"]])
def test_a_column_and_a_file_of_labels_go_together(call, exported, data, given):
    code, _, err = call("evaluate", exported, "--data", data, *given)
    assert code == 1
    assert "both --labels FILE.csv and --by COLUMN" in err


def test_groups_without_a_pair_are_refused(call, exported, data, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("image,light\nnew-id00/0.png,bright\nnew-id01/0.png,dark\n")
    code, _, err = call("evaluate", exported, "--data", data, "--by", "light", "--labels", path)
    assert code == 1
    assert "48 images that are measured 2 have a label, and fewer than two groups" in err


def test_with_a_domain_check_rates_are_by_thirds_of_the_percentile(data, tmp_path):
    bundle = open_bundle(domains.make_bundle_with_domain(tmp_path))
    thirds = evaluate(bundle, read_folder(data)).conditions.domain
    assert len(thirds) == 3
    assert sum(group.fmr.pairs for group in thirds if group.fmr) == 48 * 47 // 2 - 24
