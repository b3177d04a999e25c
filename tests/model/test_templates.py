import numpy as np
import pytest
from pydantic import ValidationError

from model.manifest import Kind, Manifest, Metric, TemplateRule, TemplateSize
from model.scoring import energy
from model.templates import combined_energy, template, template_energy
from tests import fakes


@pytest.fixture
def manifest(manifest):
    return manifest.model_copy(update={"templates": fakes.make_templates()})


RNG = np.random.default_rng(43)
FLOATS = RNG.standard_normal((5, 16)).astype(np.float32)
CODES = RNG.integers(0, 256, (5, 3), dtype=np.uint8)


def between(rule, metric, left, right):
    return float(template_energy(rule, metric, template(rule, left), template(rule, right)))


@pytest.mark.parametrize(
    ("metric", "distance"),
    [
        (Metric.L1, lambda a, b: sum(abs(x - y) for x, y in zip(a, b, strict=True))),
        (Metric.L2, lambda a, b: sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5),
    ],
)
def test_the_energy_of_means_is_that_of_each_numbers_mean(metric, distance):
    left = [sum(map(float, column)) / 2 for column in zip(*FLOATS[:2], strict=True)]
    right = [sum(map(float, column)) / 3 for column in zip(*FLOATS[2:], strict=True)]
    found = between(TemplateRule.MEAN, metric, FLOATS[:2], FLOATS[2:])
    assert found == pytest.approx(distance(left, right), rel=1e-5)


def test_the_energy_of_codes_is_of_the_shares_of_ones_in_each_bit():
    bits = [[int(bit) for octet in code for bit in f"{octet:08b}"] for code in CODES]
    expected = sum(
        (sum(one) / 2 - sum(other) / 3) ** 2
        for one, other in zip(zip(*bits[:2], strict=True), zip(*bits[2:], strict=True), strict=True)
    )
    found = between(TemplateRule.BIT_SHARES, Metric.HAMMING, CODES[:2], CODES[2:])
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("rule", "metric", "vectors"),
    [
        (TemplateRule.MEAN, Metric.L1, FLOATS),
        (TemplateRule.MEAN, Metric.L2, FLOATS),
        (TemplateRule.BIT_SHARES, Metric.HAMMING, CODES),
    ],
)
def test_templates_of_one_image_have_the_energy_of_two_images(rule, metric, vectors):
    found = between(rule, metric, vectors[:1], vectors[1:2])
    assert found == energy(metric, vectors[0], vectors[1])


def test_many_templates_at_once_have_the_energies_of_each_alone():
    groups = FLOATS[[[0, 1], [2, 3], [1, 4]]]
    probe = template(TemplateRule.MEAN, FLOATS[:3])
    together = template_energy(
        TemplateRule.MEAN, Metric.L2, probe, template(TemplateRule.MEAN, groups)
    )
    alone = [between(TemplateRule.MEAN, Metric.L2, FLOATS[:3], group) for group in groups]
    assert together.tolist() == alone


@pytest.mark.parametrize(("shape", "kept"), [((1, 1), 1), ((1, 3), 3), ((2, 2), 2), ((3, 4), 6)])
def test_a_pair_models_energy_is_the_mean_without_a_quarter_at_either_end(shape, kept):
    energies = RNG.standard_normal((7, *shape)).astype(np.float32)
    count = shape[0] * shape[1]
    cut = (count - kept) // 2
    expected = [sum(sorted(map(float, each.flat))[cut : count - cut]) / kept for each in energies]
    np.testing.assert_allclose(combined_energy(energies), expected, rtol=1e-5, atol=1e-6)


def test_a_pair_models_rule_has_no_templates_of_embeddings():
    with pytest.raises(ValueError, match="combines energies"):
        template(TemplateRule.TRIMMED_MEAN_ENERGY, FLOATS)


def test_sizes_are_found_in_either_order(manifest):
    templates = manifest.templates
    assert templates.size((2, 1)).images == templates.size((1, 2)).images == (1, 2)
    assert templates.size((7, 2)) is None
    assert templates.size((1, 1)) is None


@pytest.mark.parametrize("images", [(1, 1), (2, 1), (0, 2), (3, 17)])
def test_a_size_is_of_several_images_with_the_smaller_number_first(manifest, images):
    size = manifest.templates.sizes[0]
    with pytest.raises(ValidationError, match="smaller number"):
        TemplateSize(images=images, calibration=size.calibration, accuracy=size.accuracy)


def test_a_size_that_is_there_twice_is_refused(manifest):
    size = manifest.templates.sizes[0]
    with pytest.raises(ValidationError, match="twice"):
        type(manifest.templates)(rule=TemplateRule.MEAN, sizes=(size, size))


def test_a_rule_of_another_kind_is_refused(manifest):
    with pytest.raises(ValidationError, match="does not suit"):
        Manifest.model_validate(
            manifest.model_dump() | {"templates": {"rule": "bit-shares", "sizes": []}}
        )


def test_a_manifest_of_version_1_has_no_templates(manifest):
    fields = manifest.model_dump() | {"schema_version": 1}
    fields["calibration"]["likelihood_ratio"]["uncertainty"] = None
    with pytest.raises(ValidationError, match="version 1 has no templates"):
        Manifest.model_validate(fields)
    assert Manifest.model_validate(fields | {"templates": None}).templates is None


def test_templates_stand_in_json_and_come_back():
    graph = fakes.encoder_graph(kind=Kind.CODES)
    templates = fakes.make_templates(Metric.HAMMING)
    found = fakes.make_manifest(graph, kind=Kind.CODES, metric=Metric.HAMMING, templates=templates)
    assert found.templates.rule is TemplateRule.BIT_SHARES
    assert Manifest.model_validate_json(found.model_dump_json()) == found
