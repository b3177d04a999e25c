import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import identity_digest, open_bundle
from model.errors import SelfCheckError
from model.manifest import Kind, Seen
from model.preprocessing import preprocess
from tests.training import synthetic
from tests.training.adoption import graphs
from training.adoption.adopt import adopt
from training.adoption.comparison import best_middle
from training.adoption.declaration import Declaration
from training.adoption.request import Reading, Source, Terms
from training.adoption.wrapping import Answer
from training.data.split import split_in_two
from training.export.recalibrate import recalibrate
from training.inference.onnx_runtime import OnnxEncoder

FREE = Terms("Public domain.")
GREY = Declaration(mean=(127.5,), std=(127.5,))


@pytest.fixture(scope="module")
def images():
    return synthetic.image_set({f"new{i:02d}": 3 for i in range(24)})


@pytest.fixture(scope="module")
def write(tmp_path_factory, images):
    """Writes a graph to a file and makes it a source."""

    def make(graph):
        file = tmp_path_factory.mktemp("published") / "model.onnx"
        file.write_bytes(graph)
        return Source.read(file, images)

    return make


def test_our_own_graph_without_its_manifest_gets_the_same_figures(
    exported, write, images, tmp_path
):
    native = open_bundle(exported)
    recalibrate(native, images, tmp_path / "native")
    spec = native.manifest.input
    reading = Reading(Declaration(aspect=spec.aspect, middle=spec.middle))
    adopted = adopt(write(native.onnx), tmp_path / "adopted", reading, FREE)
    one, other = (open_bundle(tmp_path / name) for name in ("native", "adopted"))
    assert one.manifest.input == other.manifest.input
    assert np.allclose(one.manifest.golden.embedding, other.manifest.golden.embedding, atol=1e-6)
    theirs, ours = (bundle.manifest.calibration for bundle in (one, other))
    assert ours.sample == theirs.sample
    assert [p.threshold for p in ours.operating_points] == pytest.approx(
        [p.threshold for p in theirs.operating_points], abs=1e-5
    )
    assert other.manifest.accuracy.eer == pytest.approx(one.manifest.accuracy.eer)
    assert adopted.manifest == other.manifest


def test_it_is_said_that_nobody_knows_what_it_has_seen(write, tmp_path):
    manifest = adopt(
        write(graphs.projection(16)), tmp_path / "theirs", Reading(GREY), FREE
    ).manifest
    assert (manifest.provenance, manifest.seen) == (None, Seen.UNKNOWN)
    assert "is not known" in manifest.accuracy.protocol
    card = (tmp_path / "theirs" / "README.md").read_text()
    assert "is not known; if it was, the rates above are too good" in card
    assert "Public domain." in card
    assert "Trained on 0" not in card


def test_identities_that_it_was_trained_on_are_neither_calibrated_nor_tested_on(
    write, images, tmp_path
):
    known = frozenset([*images.identities[:6], "of other data"])
    terms = Terms("Free.", trained_on=known)
    adopt(write(graphs.projection(16)), tmp_path / "theirs", Reading(GREY), terms)
    bundle = open_bundle(tmp_path / "theirs")
    assert bundle.manifest.seen is Seen.IDENTITIES
    assert "trained or calibrated on" in bundle.manifest.accuracy.protocol
    used = bundle.split.calibration | bundle.split.test
    assert len(used) == 18
    assert used.isdisjoint(map(identity_digest, known))
    assert bundle.split.train == frozenset(map(identity_digest, known))
    later = synthetic.image_set({"of other data": 3} | {f"more{i:02d}": 3 for i in range(24)})
    again = recalibrate(bundle, later, tmp_path / "again").manifest
    assert again.calibration.sample.identities + again.accuracy.sample.identities == 24


def test_the_raw_graph_training_and_the_service_give_one_answer(write, images, tmp_path):
    raw = graphs.projection(16)
    adopt(write(raw), tmp_path / "theirs", Reading(GREY), FREE)
    bundle = open_bundle(tmp_path / "theirs")
    files = [image.read() for image in images][:5]
    pixels = np.stack([preprocess(file, bundle.manifest.input) for file in files])
    planes = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    expected = OnnxEncoder(raw)._run(planes)
    assert np.allclose(OnnxEncoder(bundle.onnx).embed(pixels), expected, atol=1e-4)
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model="theirs"))) as client:
        parts = [("image", (f"{i}.png", file)) for i, file in enumerate(files)]
        answer = client.post("/embed", files=parts, headers={"Accept": "application/x-npy"})
        summary = client.get("/models").json()["models"][0]
    assert np.allclose(np.load(io.BytesIO(answer.content)), expected, atol=1e-4)
    assert summary["seen"] == "unknown"


@pytest.mark.parametrize(
    ("graph", "answer"),
    [
        (graphs.similarity(), Answer(kind=Kind.PAIR, higher_is_same=True)),
        (graphs.projection(32), Answer(kind=Kind.CODES)),
    ],
    ids=["pair", "codes"],
)
def test_networks_of_pairs_and_of_codes_are_served(write, images, tmp_path, graph, answer):
    manifest = adopt(write(graph), tmp_path / "theirs", Reading(GREY, answer), FREE).manifest
    assert manifest.kind is answer.kind
    assert manifest.accuracy.eer < 0.2  # Their patterns are alike, those of others are not.
    file = next(iter(images)).read()
    with TestClient(create_app(Settings(models_dir=tmp_path, default_model="theirs"))) as client:
        answered = client.post("/verify", files={"image1": file, "image2": file}).json()
    assert answered["same"] is True


def test_a_graph_that_mixes_the_batch_is_refused(write, tmp_path):
    with pytest.raises(SelfCheckError, match="mixes the images of a batch"):
        adopt(write(graphs.mixing_batch()), tmp_path / "theirs", Reading(GREY), FREE)
    assert not (tmp_path / "theirs").exists()


def test_two_numbers_for_a_pair_are_refused(write, tmp_path):
    reading = Reading(GREY, Answer(kind=Kind.PAIR))
    with pytest.raises(SelfCheckError, match="gives 24 answers for 12 images or pairs"):
        adopt(write(graphs.two_classes()), tmp_path / "theirs", reading, FREE)


def test_a_collapsed_encoder_is_refused(write, tmp_path):
    far = Declaration(mean=(1e9,), std=(1,))
    with pytest.raises(SelfCheckError, match="declared rightly"):
        adopt(write(graphs.projection(16)), tmp_path / "theirs", Reading(far), FREE)


def test_the_middle_is_chosen_on_calibration_identities_alone(write, images):
    seen = set()

    def watched(image):
        def read():
            seen.add(image.identity)
            return image.read()

        return replace(image, read=read)

    source = write(graphs.projection(16))
    source = replace(source, images=replace(images, images=tuple(map(watched, images))))
    reading, tried = best_middle(source, Reading(GREY), FREE)
    assert [trial.name for trial in tried] == [f"middle {m:g}" for m in (0.6, 0.7, 0.8, 0.9, 1)]
    best = min(tried, key=lambda trial: trial.eer)
    assert best.name == f"middle {reading.declared.middle:g}"
    assert seen == set(split_in_two(images, 0).calibration)


def test_the_commands_need_no_pytorch():
    code = (
        "import sys, training.commands.adopt, training.commands.adopt_recipe, "
        "training.recipes.dlib_faces; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_the_command_finds_prints_and_warns(call, folder, tmp_path):
    published = tmp_path / "model.onnx"
    published.write_bytes(graphs.projection(16))
    declared = {"do_rescale": True, "size": {"height": 24, "width": 24}}
    declared |= {"image_mean": [0.5], "image_std": [0.5]}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(declared))
    to = tmp_path / "bundles" / "theirs"
    code, out, _ = call(
        "adopt", published, "--data", folder, "--to", to, "--licence", "MIT", "--middle", "best"
    )
    assert code in {None, 0}
    assert "declared by preprocessor_config.json: (pixel - (127.5)) / (127.5)" in out
    assert f"opening {published} and {folder}\nmeasuring calibration identities, middle 0.6" in out
    assert "chosen by calibration EER" in out
    assert "as declared" in out
    assert "pixels / 255" in out
    assert open_bundle(to).manifest.adoption.declared_by == "preprocessor_config.json"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--licence", " ", "--mean", "0.5", "--std", "0.5"], "--licence is empty"),
        (["--licence", "MIT"], "--mean and --std"),
        (["--licence", "MIT", "--mean", "127.5", "--std", "127.5"], "--white 255"),
        (["--licence", "MIT", "--mean", "a", "--std", "1"], "not numbers"),
        (["--licence", "MIT", "--size", "24"], "HEIGHTxWIDTH"),
        (["--licence", "MIT", "--middle", "most"], "`best`"),
    ],
    ids=["licence", "nothing", "range", "text", "size", "middle"],
)
def test_the_command_says_what_to_do(call, folder, tmp_path, options, message):
    published = tmp_path / "model.onnx"
    published.write_bytes(graphs.projection(16))
    code, _, err = call("adopt", published, "--data", folder, "--to", tmp_path / "x", *options)
    assert message in f"{code}{err}"
    assert not (tmp_path / "x").exists()
