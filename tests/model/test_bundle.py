import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from model.bundle import (
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    SPLIT_FILE,
    Split,
    dtype_of,
    identity_digest,
    open_bundle,
    read_manifest,
    sha256,
    split_bytes,
    write_bundle,
)
from model.errors import BundleError, BundleNotFoundError, IntegrityError, ManifestError
from model.files import check_place
from model.manifest import Kind
from tests import fakes

SPLIT = Split(
    train=frozenset(map(identity_digest, ["ada", "bob"])),
    calibration=frozenset([identity_digest("cy")]),
    test=frozenset([identity_digest("dan")]),
)


@pytest.fixture
def bundle(tmp_path, graph):
    """A bundle with a split and a card."""
    manifest = fakes.make_manifest(graph, split_sha256=sha256(split_bytes(SPLIT)))
    write_bundle(tmp_path / "tiny", manifest, graph, split=SPLIT, card="# tiny\n")
    return tmp_path / "tiny"


def rewrite(bundle, **fields):
    """Change fields of the manifest on disk, as a hand would; `a__b` is field b of a."""
    document = json.loads((bundle / MANIFEST_FILE).read_text())
    for name, value in fields.items():
        *parents, last = name.split("__")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
    (bundle / MANIFEST_FILE).write_text(json.dumps(document))


def test_what_was_written_is_what_is_opened(bundle, graph, manifest):
    opened = open_bundle(bundle)
    assert opened.onnx == graph
    assert opened.split == SPLIT
    assert opened.folder == bundle
    assert opened.manifest == manifest.model_copy(
        update={"split_sha256": sha256(split_bytes(SPLIT))}
    )
    assert (bundle / "README.md").read_text() == "# tiny\n"


def test_a_bundle_needs_no_split(tmp_path, graph, manifest):
    write_bundle(tmp_path / "plain", manifest, graph)
    assert open_bundle(tmp_path / "plain").split is None
    assert sorted(p.name for p in (tmp_path / "plain").iterdir()) == [
        "encoder.onnx",
        "manifest.json",
    ]


def test_nothing_but_the_bundle_is_left_behind(bundle):
    assert [p.name for p in bundle.parent.iterdir()] == ["tiny"]


def test_the_split_names_nobody(bundle):
    text = (bundle / SPLIT_FILE).read_text()
    assert not any(name in text for name in ("ada", "bob", "cy", "dan"))
    assert identity_digest("ada") in text


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(BundleNotFoundError, match=MANIFEST_FILE):
        open_bundle(tmp_path)
    with pytest.raises(BundleNotFoundError):
        open_bundle(tmp_path / "absent")


@pytest.mark.parametrize("name", ["encoder.onnx", SPLIT_FILE])
def test_a_missing_file_is_refused(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        open_bundle(bundle)


@pytest.mark.parametrize("name", ["encoder.onnx", SPLIT_FILE])
def test_one_altered_byte_is_refused(bundle, name):
    data = bytearray((bundle / name).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / name).write_bytes(data)
    with pytest.raises(IntegrityError, match="hash differs"):
        open_bundle(bundle)


def test_a_cut_graph_is_refused(bundle, graph):
    (bundle / "encoder.onnx").write_bytes(graph[:-1])
    with pytest.raises(IntegrityError):
        open_bundle(bundle)


def test_a_graph_of_another_length_than_stated_is_refused(bundle, graph):
    rewrite(bundle, onnx__bytes=len(graph) + 1)
    with pytest.raises(IntegrityError, match="not as stated"):
        open_bundle(bundle)


@pytest.mark.parametrize("version", [0, 3, "1", None, True, 1.5])
def test_another_schema_version_is_refused_and_said(bundle, version):
    rewrite(bundle, schema_version=version)
    with pytest.raises(ManifestError, match="this program reads the versions 1 and 2"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "fields",
    [
        {"threshold": 0.5},
        {"input__mean": 0.5},
        {"calibration__eer": float("nan")},
        {"golden__tolerance": float("inf")},
        {"accuracy__cllr": -1},
        {"calibration__default": 99},
        {"onnx__file": "../../secret.onnx"},
        {"onnx__file": "/etc/passwd"},
        {"name": "../other"},
        {"kind": "decoder"},
        {"embedding_dim": 9},
    ],
    ids=str,
)
def test_a_manifest_that_breaks_the_schema_is_refused_in_one_line(bundle, fields):
    rewrite(bundle, **fields)
    with pytest.raises(ManifestError, match=MANIFEST_FILE) as caught:
        open_bundle(bundle)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"x"', "[" * 100_000, "\0", "\xff"])
def test_a_manifest_that_is_none_is_refused(bundle, text):
    (bundle / MANIFEST_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError):
        read_manifest(bundle)


def test_an_oversize_manifest_is_not_read(bundle):
    with (bundle / MANIFEST_FILE).open("ab") as file:
        file.truncate(MAX_MANIFEST_BYTES + 1)
    with pytest.raises(IntegrityError, match="at most"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "text", ["not JSON", "[1]", "3", "{}", '{"train": 3}', '{"train": [], "other": []}']
)
def test_a_split_that_is_none_is_refused_though_its_hash_fits(bundle, text):
    (bundle / SPLIT_FILE).write_text(text)
    rewrite(bundle, split_sha256=sha256(text.encode()))
    with pytest.raises(IntegrityError, match="not a split"):
        open_bundle(bundle)


def test_a_bundle_is_replaced_as_a_whole(bundle):
    (bundle / "stray.txt").write_text("of the old bundle")
    other = fakes.encoder_graph(seed=5)
    write_bundle(bundle, fakes.make_manifest(other, version="2.0.0"), other)
    opened = open_bundle(bundle)
    assert (opened.manifest.version, opened.onnx, opened.split) == ("2.0.0", other, None)
    assert sorted(p.name for p in bundle.iterdir()) == ["encoder.onnx", "manifest.json"]
    assert [p.name for p in bundle.parent.iterdir()] == ["tiny"]


def test_a_folder_that_is_no_bundle_is_not_replaced(tmp_path, graph, manifest):
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter1.txt").write_text("precious")
    with pytest.raises(BundleError, match="not a bundle"):
        write_bundle(precious, manifest, graph)
    assert (precious / "chapter1.txt").read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_a_file_is_not_replaced(tmp_path, graph, manifest):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(BundleError):
        write_bundle(tmp_path / "file", manifest, graph)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_place_where_no_folder_can_be_made_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(BundleError, match="file is not a folder"):
        check_place(tmp_path / "file" / "new" / "bundle", MANIFEST_FILE)
    check_place(tmp_path / "not" / "there" / "yet", MANIFEST_FILE)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_to_is_refused_before_the_work(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(BundleError, match="may not be written to"):
        check_place(tmp_path / "bundle", MANIFEST_FILE)


def test_a_graph_that_is_not_the_manifests_is_not_written(tmp_path, manifest):
    with pytest.raises(IntegrityError, match="graph"):
        write_bundle(tmp_path / "new", manifest, fakes.encoder_graph(seed=9))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("split", [None, Split(frozenset(), frozenset(), frozenset())])
def test_a_split_that_is_not_the_manifests_is_not_written(tmp_path, graph, split):
    manifest = fakes.make_manifest(graph, split_sha256=sha256(split_bytes(SPLIT)))
    with pytest.raises(IntegrityError, match="split"):
        write_bundle(tmp_path / "new", manifest, graph, split=split)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_bundle(bundle, graph, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("model.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bundle(bundle, fakes.make_manifest(graph, version="2.0.0"), graph)
    assert open_bundle(bundle).manifest.version == "1.2.3"
    assert [p.name for p in bundle.parent.iterdir()] == ["tiny"]


def test_a_failed_last_rename_leaves_the_old_bundle(bundle, graph, monkeypatch):
    rename = Path.rename

    def refuse_the_new(self, target):
        if self.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(PermissionError):
        write_bundle(bundle, fakes.make_manifest(graph, version="2.0.0"), graph)
    assert open_bundle(bundle).manifest.version == "1.2.3"
    assert [p.name for p in bundle.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("name", ["encoder.onnx", MANIFEST_FILE, SPLIT_FILE])
@pytest.mark.parametrize("kind", ["FIFO", "device", "folder"])
@pytest.mark.timeout(20)
def test_only_regular_files_of_a_bundle_are_read(bundle, name, kind):
    """A FIFO would wait for a writer, and /dev/zero fill the memory."""
    (bundle / name).unlink()
    match kind:
        case "FIFO":
            os.mkfifo(bundle / name)
        case "device":
            (bundle / name).symlink_to("/dev/zero")
        case _:
            (bundle / name).mkdir()
    with pytest.raises(IntegrityError, match=f"{name} cannot be read: it is a {kind}"):
        open_bundle(bundle)


def test_a_moved_bundle_is_as_good(bundle, tmp_path, graph):
    shutil.move(bundle, tmp_path / "elsewhere")
    assert open_bundle(tmp_path / "elsewhere").onnx == graph


def test_hashes_are_sha256():
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert identity_digest("abc") == "ba7816bf8f01cfea"


def test_codes_are_bytes_and_embeddings_floats():
    assert [dtype_of(kind) for kind in Kind] == [np.float32, np.uint8, np.float32]
