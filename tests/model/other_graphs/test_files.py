import gzip
import json

import pytest

from model.bundle import MAX_MANIFEST_BYTES, open_bundle, sha256, write_bundle
from model.errors import BundleError, IntegrityError, ManifestError
from model.golden import check_golden
from model.manifest import Manifest, Precision
from tests import fakes, graphs
from training.inference.onnx_runtime import OnnxEncoder

PACKED = "manifest.int8.json.gz"


@pytest.fixture
def bundle(tmp_path):
    return graphs.make_bundle(tmp_path, slow=False)


def named_again(bundle, packed):
    """Put another manifest of the second graph into a bundle, under its right hash."""
    (bundle / PACKED).write_bytes(packed)
    document = json.loads((bundle / "manifest.json").read_text())
    document["graphs"][0]["sha256"] = sha256(packed)
    (bundle / "manifest.json").write_text(json.dumps(document))


def test_each_graph_is_opened_with_figures_of_its_own(bundle):
    opened = open_bundle(bundle)
    [other] = opened.graphs
    assert (opened.manifest.onnx.precision, other.manifest.onnx.precision) == ("fp32", "int8")
    assert opened.manifest.calibration != other.manifest.calibration
    assert opened.manifest.card == other.manifest.card
    for each in (opened, other):
        check_golden(each.manifest.golden, each.manifest.input, OnnxEncoder(each.onnx).embed)


def test_the_weights_are_in_the_bundle_once(bundle):
    sizes = {path.name: path.stat().st_size for path in bundle.iterdir()}
    assert sizes[graphs.OTHER] < sizes[graphs.MAIN] / 2


@pytest.mark.parametrize("name", [PACKED, graphs.OTHER])
def test_a_missing_or_altered_file_is_refused(bundle, name):
    data = bytearray((bundle / name).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / name).write_bytes(data)
    with pytest.raises(IntegrityError, match="hash differs"):
        open_bundle(bundle)
    (bundle / name).unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"version": "9.9.9"},
        {"card": {"summary": "s", "intended_use": "i", "not_for": "n", "data_licence": "d"}},
        {"graphs": [{"precision": "int8", "sha256": "0" * 64}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_manifest_of_another_encoder_is_refused(bundle, changes):
    document = json.loads(gzip.decompress((bundle / PACKED).read_bytes()))
    named_again(bundle, gzip.compress(json.dumps(document | changes).encode()))
    with pytest.raises(ManifestError, match=r"further graph|float32 encoder"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "packed",
    [b"{}", gzip.compress(b" " * (MAX_MANIFEST_BYTES + 1)), gzip.compress(b"{}")[:-4]],
    ids=["plain", "large", "cut"],
)
def test_what_is_no_packed_manifest_is_refused(bundle, packed):
    named_again(bundle, packed)
    with pytest.raises(ManifestError, match=r"gzip|cut short"):
        open_bundle(bundle)


def test_a_graph_that_the_manifest_does_not_name_is_not_written(tmp_path):
    graph = fakes.encoder_graph()
    manifest = fakes.make_manifest(graph)
    with pytest.raises(IntegrityError, match="names another further graph"):
        write_bundle(tmp_path / "tiny", manifest, graph, others=[graphs.second(manifest, graph)])
    assert not (tmp_path / "tiny").exists()


def test_a_bundle_without_the_graph_that_it_names_is_not_written(tmp_path):
    def forget(folder, manifest, graph, others):
        assert others
        write_bundle(folder, manifest, graph)

    with pytest.raises(BundleError, match="another number of further graphs"):
        graphs.make_bundle(tmp_path, write=forget)


def test_other_figures_need_another_file_of_the_graph(tmp_path):
    """A second graph under the name of the first would be written over it."""
    graph = fakes.encoder_graph()
    manifest = fakes.make_manifest(graph)
    second = graphs.second(manifest, graph)
    file = second.manifest.onnx.model_copy(update={"file": graphs.MAIN})
    with pytest.raises(ManifestError, match="files of the bundle's own"):
        graphs.make_bundle(tmp_path, onnx=file)


@pytest.mark.parametrize("kind", [fakes.Kind.CODES, fakes.Kind.PAIR])
def test_only_a_float32_encoder_has_further_graphs(kind, manifest):
    reference = {"precision": "int8", "sha256": "0" * 64}
    document = manifest.model_dump() | {"graphs": [reference]}
    with pytest.raises(ValueError, match="only a float32 encoder"):
        Manifest.model_validate(document)
    document["onnx"]["precision"] = Precision.FP32
    assert Manifest.model_validate(document).graphs
    document["kind"] = kind
    with pytest.raises(ValueError, match=r"metric|golden|float32"):
        Manifest.model_validate(document)


@pytest.mark.parametrize("member", ["graphs", "precision"])
def test_schema_version_1_has_neither(member):
    document = fakes.make_manifest(fakes.encoder_graph(), schema_version=1).model_dump()
    document["onnx"]["precision"] = "fp32"
    if member == "graphs":
        document["graphs"] = [{"precision": "int8", "sha256": "0" * 64}]
    with pytest.raises(ValueError, match="schema version 1 has no"):
        Manifest.model_validate(document)
