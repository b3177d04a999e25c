import json

import pytest
from pydantic import ValidationError

from model.errors import IdentificationError
from model.identification import (
    choose_for_gallery,
    error_of_gallery,
    reason_missing,
    supported_galleries,
)
from model.manifest import Identification, Kind, Manifest
from model.scoring import choose
from tests import fakes


@pytest.fixture(scope="module")
def manifest():
    graph = fakes.encoder_graph()
    return fakes.make_manifest(graph, identification=fakes.make_identification())


def error_at(manifest, size, threshold):
    choice = choose(manifest.calibration, manifest.accuracy, threshold=threshold)
    return error_of_gallery(manifest, size, choice)


@pytest.mark.parametrize(("size", "threshold"), [(1, 0.5), (2, 0.25), (10, 0.25), (11, 0.125)])
def test_the_threshold_of_a_target_is_that_of_the_next_larger_gallery(manifest, size, threshold):
    choice = choose_for_gallery(manifest, size, 0.1)
    assert (choice.threshold, choice.target_fpir, choice.target_fmr) == (threshold, 0.1, None)


def test_at_a_point_the_rate_is_the_one_that_was_measured_there(manifest):
    found = error_of_gallery(manifest, 10, choose_for_gallery(manifest, 10, 0.1))
    assert (found.fpir, found.fpir_interval) == (pytest.approx(0.11), pytest.approx((0.08, 0.14)))


@pytest.mark.parametrize(("size", "fpir"), [(11, 0.05), (100, 0.05), (101, 0.1), (1, 0.02)])
def test_an_unsupported_target_names_the_supported_ones_and_their_galleries(manifest, size, fpir):
    with pytest.raises(IdentificationError, match=r"0\.1 up to 100, 0\.05 up to 10") as caught:
        choose_for_gallery(manifest, size, fpir)
    assert caught.value.largest_galleries == ((0.1, 100), (0.05, 10))
    assert supported_galleries(manifest) == {0.1: 100, 0.05: 10}


def test_at_a_size_and_a_threshold_of_the_table_the_rate_is_the_tables(manifest):
    assert error_at(manifest, 10, 0.3).fpir == 0.08
    assert error_at(manifest, 10, 0.3).fpir_interval == pytest.approx((0.04, 0.12))
    assert error_at(manifest, 100, 5.0).fpir == 1


def test_between_them_the_interval_holds_those_of_all_neighbours(manifest):
    halfway = error_at(manifest, 10, 0.4)
    assert halfway.fpir == pytest.approx((0.08 + 0.5) / 2)
    assert halfway.fpir_interval == pytest.approx((0.04, 0.75))
    between = error_at(manifest, 55, 0.4)
    assert between.fpir_interval == pytest.approx((0.04, 1.0))


def test_between_two_sizes_each_further_person_has_the_same_chance_of_no_match(manifest):
    rates = [error_at(manifest, size, 0.3).fpir for size in range(10, 101)]
    kept = [(1 - one) / (1 - other) for one, other in zip(rates[1:], rates, strict=False)]
    assert kept == pytest.approx([kept[0]] * 90)
    assert (rates[0], rates[-1]) == (pytest.approx(0.08), pytest.approx(0.4))


def test_a_gallery_beyond_the_largest_has_no_rate_and_a_reason(manifest):
    assert error_at(manifest, 101, 0.3) is None
    assert "the largest gallery is 100" in reason_missing(manifest, 101)


def test_a_bundle_without_a_measurement_says_so(manifest):
    bare = manifest.model_copy(update={"identification": None})
    assert error_at(bare, 1, 0.3) is None
    assert "no measurement" in reason_missing(bare, 1)
    with pytest.raises(IdentificationError, match="no measurement"):
        choose_for_gallery(bare, 1, 0.1)
    assert supported_galleries(bare) == {}


def test_a_manifest_of_version_1_and_one_of_a_pair_model_have_none(manifest):
    fields = manifest.model_dump() | {"schema_version": 1}
    fields["calibration"]["likelihood_ratio"]["uncertainty"] = None
    with pytest.raises(ValidationError, match="version 1 has no identification"):
        Manifest.model_validate(fields)
    pair = manifest.model_copy(update={"kind": Kind.PAIR})
    with pytest.raises(ValueError, match="compares no galleries"):
        pair._check_identification()


def test_a_table_that_does_not_fit_is_refused(manifest):
    measured = manifest.identification
    short = measured.galleries[0].model_copy(update={"fpir": (0.1,), "fpir_intervals": ((0, 1),)})
    fields = manifest.model_dump() | {
        "identification": measured.model_copy(update={"galleries": (short,)}).model_dump()
        | {"points": ()}
    }
    with pytest.raises(ValidationError, match="one rate for each threshold"):
        Manifest.model_validate(fields)
    for changes in ({"galleries": measured.galleries[::-1]}, {"galleries": measured.galleries[1:]}):
        with pytest.raises(ValidationError, match="rise from 1"):
            Identification.model_validate(measured.model_dump() | changes)
    with pytest.raises(ValidationError, match="was not measured"):
        Identification.model_validate(measured.model_dump() | {"galleries": measured.galleries[:2]})


def test_fnir_is_read_off_its_table_whatever_the_size(manifest):
    assert error_at(manifest, 10, 0.4).fnir is None
    rates, ends = (1.0, 0.6, 0.2, 0.0), ((0.9, 1.0), (0.5, 0.7), (0.1, 0.3), (0.0, 0.1))
    update = {"fnir": rates, "fnir_intervals": ends}
    measured = manifest.identification.model_copy(update=update)
    known = manifest.model_copy(update={"identification": measured})
    assert error_at(known, 10, 0.3).fnir == 0.6
    for size in (1, 55):
        halfway = error_at(known, size, 0.4)
        assert halfway.fnir == pytest.approx(0.4)
        assert halfway.fnir_interval == (0.1, 0.7)
    at_point = error_of_gallery(known, 10, choose_for_gallery(known, 10, 0.1))
    assert 0.6 < at_point.fnir < 1
    values = json.loads(known.model_dump_json())
    assert Manifest.model_validate(values) == known
    for wrong in ({"fnir": [0.1]}, {"fnir": rates[:2], "fnir_intervals": ends[:2]}):
        values["identification"] |= wrong
        with pytest.raises(ValidationError, match="FNIR"):
            Manifest.model_validate(values)
    with pytest.raises(ValidationError, match="outside its interval"):
        Identification.model_validate(measured.model_dump() | {"fnir": (1.0, 0.6, 0.9, 0.0)})
