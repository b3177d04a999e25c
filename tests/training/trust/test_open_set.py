"""Galleries that are drawn, against exact rates and against what a bundle quotes."""

import numpy as np
import pytest

from model.manifest import Manifest, Metric, TemplateRule
from model.scoring import energy
from tests import fakes, open_set
from training.commands import identification
from training.metrics.identification.searches import Searches
from training.metrics.intervals import wilson
from training.trust.bundle_record import read_records
from training.trust.halves import agree, halves
from training.trust.open_set import Draws, OpenSet
from training.trust.open_set_page import write_open_set_page
from training.trust.open_set_record import OpenSetRecord
from training.trust.searches_drawn import Images, search_galleries

PEOPLE = 60


@pytest.fixture(scope="module")
def images():
    embeddings, labels = open_set.draw_people(PEOPLE, 3, seed=3)
    mixed = np.random.default_rng(0).permutation(len(labels))
    return Images(embeddings[mixed], labels[mixed], Metric.L2, TemplateRule.MEAN)


def test_a_round_has_the_energy_of_every_probe_with_each_template(images):
    found = images.round(2, np.random.default_rng(1))
    assert (found.people, found.energies.shape) == (PEOPLE, (3 * PEOPLE, PEOPLE))
    assert found.is_own.sum() == 2 * PEOPLE
    # The probe that is not part of a person's template tells which two images are.
    person = 7
    rows = images.embeddings[images.labels == person]
    (energy_found,) = found.energies[(found.person == person) & ~found.is_own, person]
    means = [np.delete(rows, probe, axis=0).mean(axis=0) for probe in range(3)]
    possible = [float(energy("l2", means[k], rows[k])) for k in range(3)]
    assert min(abs(energy_found - each) for each in possible) < 1e-5


def test_people_with_too_few_images_have_no_template_and_are_in_no_gallery():
    labels = np.repeat(np.arange(5), [1, 3, 1, 2, 4])
    rows = np.random.default_rng(2).standard_normal((len(labels), 4)).astype(np.float32)
    found = Images(rows, labels, Metric.L2, TemplateRule.MEAN).round(2, np.random.default_rng(0))
    assert found.people == 3
    assert sorted(np.bincount(found.person).tolist()) == [1, 1, 2, 3, 4]
    drawn = search_galleries([found], 2, 99.0, 5, seed=0)
    assert drawn.fpir.tolist() == [1.0] * 5
    assert drawn.misses.tolist() == [0.0, 0.0]  # Of those with an image beside their template's.


@pytest.mark.parametrize("size", [1, 10])
def test_drawn_galleries_have_the_rates_of_all_galleries(images, size):
    found = images.round(1, np.random.default_rng(4))
    energies = found.energies.copy()
    energies[np.arange(len(energies)), found.person] = np.inf
    exact = Searches(found.person, energies)
    threshold = exact.threshold(size, 0.2)
    drawn = search_galleries([found], size, threshold, 1500, seed=1)
    assert drawn.fpir.mean() == pytest.approx(exact.rate(size, threshold), abs=0.008)
    missed = [
        np.mean(found.energies[(found.person == each) & ~found.is_own, each] > threshold)
        for each in range(PEOPLE)
    ]
    np.testing.assert_allclose(drawn.misses, missed)


def test_rates_of_one_population_agree_as_often_as_their_interval_says():
    rng = np.random.default_rng(5)
    found = []
    for _ in range(1500):
        one, other = rng.binomial(200, 0.1) / 200, rng.binomial(60, 0.1) / 60
        found.append(agree((one, wilson(one, 200)), (other, wilson(other, 60))))
    assert 0.93 <= np.mean(found) <= 0.97
    assert not agree((0.1, (0.08, 0.13)), (0.3, (0.25, 0.36)))


def test_halves_share_nobody_and_have_all_their_probes():
    energies = np.arange(64, dtype=np.float32).reshape(8, 8)
    np.fill_diagonal(energies, np.inf)
    for tables in halves(Searches(np.arange(8), energies), (2,), 5, seed=0):
        kept = [np.unique(table.searches.observed // 8).astype(int) for table in tables]
        assert sorted([*kept[0], *kept[1]]) == list(range(8))
        for table, people in zip(tables, kept, strict=True):
            np.testing.assert_array_equal(table.searches.energies, energies[np.ix_(people, people)])


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The record that the command writes of a bundle that quotes nothing."""
    root = tmp_path_factory.mktemp("identification")
    fakes.make_bundle(root / "bundles")
    page = root / "page.md"
    identification.run(data=root, bundles=root / "bundles", records=root, out=page)
    assert "Quotes no identification rates" in page.read_text()
    (found,) = read_records(OpenSetRecord, root)
    return found


def test_what_a_bundle_quotes_holds_on_people_whom_it_has_not_seen(record, tmp_path):
    manifest = fakes.make_manifest(fakes.encoder_graph(), identification=open_set.measure())
    assert isinstance(manifest, Manifest)
    embeddings, labels = open_set.draw_people(150, 4, seed=11)
    new = Images(embeddings, labels, Metric.L2, TemplateRule.MEAN)
    cells = tuple(OpenSet(manifest, new, Draws(2, 60, 3, 1)).cells())
    assert [(cell.gallery_size, cell.images) for cell in cells if cell.target_fpir] == [
        (10, images) for images in (1, 2, 3)
    ]
    by_target = {cell.target_fpir: cell for cell in cells if cell.images == 1}
    aimed = by_target[0.1]
    quoted = aimed.quoted_fpir
    assert quoted.rate == manifest.identification.points[1].test.fpir
    for real, said in ((aimed.fpir, quoted), (aimed.fnir, aimed.quoted_fnir)):
        assert agree((real.rate, real.interval), (said.rate, said.interval))
    assert aimed.range[0] < aimed.fpir.rate < aimed.range[1]
    several = [cell for cell in cells if cell.images > 1]
    assert all(cell.quoted_fpir is None for cell in several)
    assert all(cell.fnir.rate < aimed.fnir.rate for cell in several if cell.target_fpir)
    page = tmp_path / "page.md"
    write_open_set_page([record.model_copy(update={"cells": cells, "people": 150})], page)
    text = page.read_text()
    assert f"| {aimed.gallery_size} | FPIR 10 % |" in text
    assert text.count("not quoted") == 2  # FPIR and FNIR of 100 people, more than were measured.
