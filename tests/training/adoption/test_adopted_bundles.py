"""Answers of the other commands about a bundle that was adopted."""

import json

import pytest

from model.bundle import open_bundle
from model.manifest import Kind, Seen
from tests.training.adoption import graphs
from training.adoption.adopt import adopt
from training.adoption.declaration import Declaration
from training.adoption.request import Reading, Source, Terms
from training.adoption.wrapping import Answer
from training.data.source import open_data
from training.export.model_card import render_card
from training.projection.map import Map


@pytest.fixture(scope="module")
def theirs(folder, tmp_path_factory):
    """The bundle of a projection, adopted on `folder`."""
    file = tmp_path_factory.mktemp("published") / "model.onnx"
    file.write_bytes(graphs.projection(16))
    reading = Reading(Declaration(mean=(127.5,), std=(127.5,)))
    terms = Terms("Public domain.", "by their word: nothing.")
    adopt(Source.read(file, open_data(folder)), file.parent / "theirs", reading, terms)
    return file.parent / "theirs"


@pytest.fixture(scope="module")
def their_pairs(folder, tmp_path_factory):
    """The bundle of a network of pairs, adopted on `folder`."""
    file = tmp_path_factory.mktemp("published") / "model.onnx"
    file.write_bytes(graphs.similarity())
    answer = Answer(kind=Kind.PAIR, higher_is_same=True)
    reading = Reading(Declaration(mean=(0,), std=(1,)), answer)
    adopt(Source.read(file, open_data(folder)), file.parent / "pairs", reading, Terms("Free."))
    return file.parent / "pairs"


@pytest.mark.parametrize("bundle", ["theirs", "their_pairs"])
def test_no_training_begins_with_it(bundle, folder, call, tmp_path, request):
    init = request.getfixturevalue(bundle)
    code, _, err = call(
        "train", "own_folder", "--data", folder, "--out", tmp_path / "run", "--init", init
    )
    assert code == 1
    assert "was adopted: its network is not known here, only its graph; begin with a bundle" in err


def test_it_is_not_renewed(theirs, folder, call, tmp_path):
    code, _, err = call("renew", theirs, "--data", folder, "--to", tmp_path / "new")
    assert code == 1
    assert "was adopted: its network is not known here, only its graph; adopt the encoder" in err


def test_there_is_no_run_of_it_to_record(theirs, run, folder, call, tmp_path):
    code, _, err = call("record", run, theirs, "--data", folder, "--to", tmp_path)
    assert code == 1
    assert "theirs was adopted: there is no run of it to record" in err


def test_its_map_says_that_its_training_is_unknown(theirs, exported, folder, call, tmp_path):
    code, out, err = call("map", theirs, "--data", folder, "--out", tmp_path)
    assert code == 0, err
    assert "whether the encoder was trained on some of them is not known" in out
    drawn = Map.model_validate_json((tmp_path / "map.json").read_text())
    assert (drawn.seen, drawn.closed) == (Seen.UNKNOWN, False)
    _, out, _ = call("map", exported, "--data", folder, "--out", tmp_path)
    assert "not known" not in out


@pytest.mark.parametrize("precision", ["fp16", "int8-static"])
def test_a_conversion_keeps_its_origin(precision, theirs, folder, call, tmp_path):
    options = ["--data", folder, "--to", tmp_path / "half", "--precision", precision]
    code, _, err = call("convert", theirs, *options)
    assert code == 0, err
    before, after = open_bundle(theirs).manifest, open_bundle(tmp_path / "half").manifest
    assert (after.adoption, after.provenance) == (before.adoption, None)
    assert "is not known, and if it was, these rates are too good" in after.accuracy.protocol
    assert f"Converted to {precision}" in (tmp_path / "half" / "README.md").read_text()


def test_its_evaluation_and_card_say_that_its_training_is_unknown(theirs, folder, call, tmp_path):
    code, out, err = call("evaluate", theirs, "--data", folder, "--out", tmp_path)
    assert code == 0, err
    assert "(whether it has seen them is unknown)" in out
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert "is not known" in document["accuracy"]["protocol"]
    card = render_card(open_bundle(theirs).manifest)
    stated = "Terms of the weights: Public domain. Its training data, as whoever adopted it states:"
    assert f"{stated} by their word: nothing. **Whether it was trained on" in card


def test_one_whose_training_identities_are_known_is_converted_too(folder, call, tmp_path):
    (tmp_path / "model.onnx").write_bytes(graphs.projection(16))
    images = open_data(folder)
    for name, known in (("here", images.identities[:2]), ("elsewhere", ["of other data"])):
        terms = Terms("Free.", trained_on=frozenset(known))
        source = Source.read(tmp_path / "model.onnx", images)
        reading = Reading(Declaration(mean=(127.5,), std=(127.5,)))
        adopt(source, tmp_path / name, reading, terms)
        half = tmp_path / f"{name}-half"
        code, _, err = call(
            "convert", tmp_path / name, "--data", folder, "--to", half, "--precision", "fp16"
        )
        assert code == 0, err
        assert (
            "none of them was trained or calibrated on"
            in open_bundle(half).manifest.accuracy.protocol
        )
