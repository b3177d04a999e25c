"""All pairs under a threshold, against brute force; groups, and the expected false pairs."""

import re

import numpy as np
import pytest
from pyarrow import parquet

from app.settings import SHIPPED_BUNDLES
from bulk.encoding import Encoder, Recipe
from bulk.errors import PairsError
from bulk.pairs.expected import expect, in_words
from bulk.pairs.groups import connected
from bulk.pairs.search import Pairs, check_count, exact_pairs, ivf_pairs
from bulk.sources.listing import list_items
from bulk.sources.reading import read_items
from model.bundle import read_manifest
from model.manifest import Metric
from model.scoring import energy
from tests import fakes

MOST = 10**6
ROWS = 2500


def rows_of(metric, count=ROWS, seed=0):
    random = np.random.default_rng(seed)
    if metric is Metric.HAMMING:
        return random.integers(0, 256, (count, 8), dtype=np.uint8)
    centres = random.standard_normal((count // 5, 16))
    rows = np.repeat(centres, 5, axis=0) + 0.3 * random.standard_normal((count // 5 * 5, 16))
    return rows.astype(np.float32)


def brute(metric, rows, threshold):
    """Every pair, one row after the other."""
    found = set()
    for row in range(len(rows)):
        near = energy(metric, rows[:row], rows[row]).astype(np.float64) <= threshold
        found |= {(int(other), row) for other in np.flatnonzero(near)}
    return found


def as_set(pairs):
    return set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


@pytest.mark.parametrize(
    ("metric", "threshold"), [(Metric.L2, 1.7), (Metric.L1, 6.0), (Metric.HAMMING, 17.0)]
)
def test_every_pair_is_found_once_with_its_energy(metric, threshold):
    rows, done = rows_of(metric), []
    pairs = exact_pairs(metric, rows, threshold, MOST, done.append)
    true = brute(metric, rows, threshold)
    assert len(true) > 100
    assert as_set(pairs) == true
    assert len(pairs.left) == len(true)
    assert sum(done) == len(rows)
    np.testing.assert_array_equal(
        pairs.energies, energy(metric, rows[pairs.left], rows[pairs.right])
    )


def test_a_pair_just_at_the_threshold_is_decided_as_the_service_does():
    rows = rows_of(Metric.L2)
    at = float(energy(Metric.L2, rows[3], rows[4]))
    assert (3, 4) in as_set(exact_pairs(Metric.L2, rows, at, MOST, int))
    below = float(np.nextafter(at, 0))
    assert (3, 4) not in as_set(exact_pairs(Metric.L2, rows, below, MOST, int))


def test_clusters_find_nearly_all_pairs_and_say_how_many():
    rows = rows_of(Metric.L2)
    true, pairs = brute(Metric.L2, rows, 1.7), ivf_pairs(rows, 1.7, MOST, int)
    assert as_set(pairs) <= true
    assert 0.9 < pairs.recall <= 1
    assert len(pairs.left) / len(true) == pytest.approx(pairs.recall, abs=0.02)


def test_too_many_pairs_are_refused_before_and_while_they_are_found():
    rows = rows_of(Metric.L2)
    with pytest.raises(PairsError, match=r"about [\d,]+ pairs are under the threshold 100"):
        check_count(Metric.L2, rows, 100, 1000)
    check_count(Metric.L2, rows, 0.01, 1000)
    with pytest.raises(PairsError, match="more than 10 pairs"):
        exact_pairs(Metric.L2, rows, 1.7, 10, int)


def test_groups_are_the_connected_components():
    random = np.random.default_rng(1)
    left = random.integers(0, 150, 80)
    right = left + random.integers(1, 50, 80)
    energies = random.random(80).astype(np.float32)
    groups = connected(Pairs(left, right, energies))
    reached = {row: {row} for row in [*left.tolist(), *right.tolist()]}
    for _ in range(200):
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            reached[one] = reached[other] = reached[one] | reached[other]
    assert {group.rows for group in groups} == {tuple(sorted(each)) for each in reached.values()}
    assert sum(group.pairs for group in groups) == 80
    assert min(group.least for group in groups) == pytest.approx(energies.min())
    sizes = [len(group.rows) for group in groups]
    assert sizes == sorted(sizes, reverse=True)


def test_as_many_false_pairs_come_as_are_expected():
    """Strangers whose energies are drawn from the measured distribution itself."""
    manifest, random = read_manifest(SHIPPED_BUNDLES / "faces"), np.random.default_rng(0)
    expected = expect(manifest, 1000, fmr=0.01)
    assert expected.compared == 499_500
    curve = manifest.accuracy.curve
    fmr = [rate.fmr for rate in curve.rates]
    energies = np.interp(random.random(expected.compared), fmr, curve.thresholds)
    false = int((energies <= expected.choice.threshold).sum())
    assert expected.interval[0] <= false <= expected.interval[1]
    assert false == pytest.approx(expected.pairs, rel=0.1)
    assert "among 499,500 pairs" in in_words(expected)


def test_a_rate_that_was_not_measured_is_not_promised():
    manifest = read_manifest(SHIPPED_BUNDLES / "faces")
    with pytest.raises(PairsError, match=r"1e-06 is not supported by what was measured; .+0\.0001"):
        expect(manifest, 1000, fmr=1e-6)
    own = expect(manifest, 1000, threshold=0.3)
    assert not own.is_supported
    assert "not supported by what was measured" in in_words(own)
    assert expect(manifest, 1000, threshold=1.0).is_supported


@pytest.fixture(scope="module")
def embeddings(folder, models_dir, tmp_path_factory):
    """Embeddings of the photos by `tiny`, without an engine."""
    to = tmp_path_factory.mktemp("embeddings") / "photos.parquet"
    items = list(list_items([str(folder)], None))
    table = Encoder(Recipe(str(models_dir / "tiny"))).table(read_items(items, MOST))
    parquet.write_table(table, to)
    return to


def test_the_command_writes_pairs_and_a_page_with_thumbnails(
    bulk, embeddings, models_dir, tmp_path
):
    threshold = fakes.THRESHOLDS[0.05]
    run = bulk(
        *("pairs", embeddings, "--model", models_dir / "tiny", "--target-fmr", 0.05),
        *("--to", tmp_path / "pairs.parquet", "--html", tmp_path / "groups.html"),
    )
    assert run.returncode == 0, run.stderr
    table = parquet.read_table(embeddings)
    known = table.filter(table.column("error").is_null())
    rows = np.array(known.column("embedding").to_pylist(), np.float32)
    true = brute(Metric.L2, rows, threshold)
    paths = known.column("path").to_pylist()
    written = parquet.read_table(tmp_path / "pairs.parquet").to_pylist()
    assert {(each["path1"], each["path2"]) for each in written} == {
        (paths[left], paths[right]) for left, right in true
    }
    assert f"{len(true)} pairs, which make 2 groups of 12 images" in run.stdout
    assert "false pairs to expect among 66 pairs" in run.stdout
    page = (tmp_path / "groups.html").read_text()
    assert page.count('src="data:image/jpeg;base64,') == 12
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_the_command_refuses_what_it_cannot_compare(bulk, embeddings, folder):
    run = bulk("pairs", embeddings, "--model", "omniglot")
    assert run.returncode == 1
    assert "the embeddings are of another bundle than omniglot" in run.stderr
    run = bulk("pairs", folder / "p0/00.png")
    assert (run.returncode, run.stdout) == (1, "")
    assert "cannot be read" in run.stderr
