"""A bundle on disk: `manifest.json`, ONNX graphs, its split and the numbers of its domain check.

Written as a whole or not at all, and opened with every check, so that a half-written, altered or
foreign folder is refused with a reason and never half-loaded.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from model.errors import (
    BundleNotFoundError,
    FileError,
    IntegrityError,
    ManifestError,
    UnreadableError,
    faults,
)
from model.external_data import check_self_contained
from model.files import check_place, put_in_place, read_file, write_synced
from model.manifest import READ_VERSIONS, Kind, LocatorSpec, Manifest, OnnxFile, OtherGraph
from model.other_graphs.files import GraphFiles, check_same_encoder, unpacked
from model.other_graphs.shared_weights import with_weights
from model.schema.domain import DOMAIN_FILE, MAX_DOMAIN_BYTES
from model.schema.locator import LOCATOR_FILE, MAX_LOCATOR_BYTES

MANIFEST_FILE = "manifest.json"
SPLIT_FILE = "split.json"
CARD_FILE = "README.md"
MAX_MANIFEST_BYTES = 4_000_000
MAX_ONNX_BYTES = 1_000_000_000
MAX_SPLIT_BYTES = 100_000_000


@dataclass(frozen=True)
class Split:
    """Digests of the identities that each part of the data held (see `identity_digest`).

    Where the manifest's `split_by` is `image`, they are digests of the images' names.
    """

    train: frozenset[str]
    calibration: frozenset[str]
    test: frozenset[str]


@dataclass(frozen=True)
class Bundle:
    """A bundle that has passed every check which needs no runtime.

    `onnx` holds the very bytes that were hashed: what was checked is what will run. `domain` holds
    the numbers of the domain check (see `model.domain`), float32, or None where it has none, and
    `locator` the locator's graph, or None. `graphs` are further graphs of the encoder, each as a
    bundle in the same folder, with its own manifest, and the weights that it shares in its `onnx`.
    """

    folder: Path
    manifest: Manifest
    onnx: bytes
    split: Split | None
    domain: NDArray[np.float32] | None = None
    locator: bytes | None = None
    graphs: tuple["Bundle", ...] = ()


def open_bundle(folder: Path) -> Bundle:
    """Open a bundle and check its manifest, its files' sizes and their hashes, and its graph.

    No file is read but the manifest and those whose hashes it holds: a graph that keeps tensors in
    other files is refused.

    Raises:
        BundleNotFoundError: No manifest there.
        ManifestError: The manifest is not one, or is of another schema version.
        UnreadableError: A file could not be read; another attempt may succeed.
        IntegrityError: A file is missing, too large, or not the one that the manifest names, the
            graph keeps tensors in other files, or the domain check has a number that is not finite.
    """
    manifest = read_manifest(folder)
    onnx = _read_graph(folder, manifest.onnx, MAX_ONNX_BYTES)
    spec = manifest.locator
    locator = None if spec is None else _read_graph(folder, spec, MAX_LOCATOR_BYTES)
    split, domain = _read_split(folder, manifest), _read_domain(folder, manifest)
    bundle = Bundle(folder, manifest, onnx, split, domain, locator)
    return replace(
        bundle, graphs=tuple(_open_other(bundle, each) for each in manifest.graphs or ())
    )


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json` alone.

    Raises:
        BundleNotFoundError: No manifest there.
        ManifestError: It is not a manifest, or is of another schema version.
        IntegrityError: It cannot be read, is no regular file, or is too large.
    """
    path = folder / MANIFEST_FILE
    try:
        exists = path.exists()
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}") from error
    if not exists:
        raise BundleNotFoundError(f"no bundle in {folder}: it has no {MANIFEST_FILE}")
    return _parse(path, _read_bounded(path, MAX_MANIFEST_BYTES))


def _parse(path: Path, text: bytes) -> Manifest:
    _check_schema_version(path, text)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ManifestError(f"{path} is not a valid manifest: {faults(error)}") from error


def write_bundle(  # noqa: PLR0913 (one for each file)
    folder: Path,
    manifest: Manifest,
    onnx: bytes,
    *,
    split: Split | None = None,
    domain: bytes | None = None,
    locator: bytes | None = None,
    card: str = "",
    others: Sequence[GraphFiles] = (),
) -> None:
    """Write a bundle as a whole: into a new folder beside `folder`, then one rename.

    A bundle that already stands there is moved aside first and removed last, so that whatever
    happens, a complete one is on disk. `others` are the further graphs that the manifest names.

    Raises:
        IntegrityError: A graph, the split or the domain check's file is not the one that the
            manifest names, or a graph keeps tensors in other files.
        BundleError: `folder` exists and is not a bundle, so it is not ours to replace.
    """
    files = {MANIFEST_FILE: _json(manifest), manifest.onnx.file: onnx}
    if split is not None:
        files[SPLIT_FILE] = split_bytes(split)
    if domain is not None:
        files[DOMAIN_FILE] = domain
    if locator is not None:
        files[LOCATOR_FILE] = locator
    if card:
        files[CARD_FILE] = card.encode()
    _check_before_writing(manifest, files)
    for other in others:
        files |= other.named_files(manifest, onnx)
    if len(others) != len(manifest.graphs or ()):
        raise IntegrityError("the manifest names another number of further graphs")
    check_place(folder, MANIFEST_FILE)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        for name, data in files.items():
            write_synced(new / name, data)
        put_in_place(new, folder, Path(scratch) / "old")


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def identity_digest(identity: str) -> str:
    """A short digest of a name: enough to recognise the identity, without publishing it."""
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def split_bytes(split: Split) -> bytes:
    """The content of `split.json`."""
    parts = {name: sorted(getattr(split, name)) for name in ("train", "calibration", "test")}
    return json.dumps(parts, indent=0).encode()


def dtype_of(kind: Kind) -> type[np.generic]:
    """The numpy type of what a bundle's graph answers."""
    return np.uint8 if kind is Kind.CODES else np.float32


def _json(manifest: Manifest) -> bytes:
    if manifest.graphs:  # The indentation is a third of the tables.
        return (manifest.model_dump_json() + "\n").encode()
    return (manifest.model_dump_json(indent=1) + "\n").encode()


def _check_before_writing(manifest: Manifest, files: dict[str, bytes]) -> None:
    if sha256(files[manifest.onnx.file]) != manifest.onnx.sha256:
        raise IntegrityError("the graph is not the one whose hash the manifest holds")
    check_self_contained(files[manifest.onnx.file])
    stored = sha256(files[SPLIT_FILE]) if SPLIT_FILE in files else None
    if stored != manifest.split_sha256:
        raise IntegrityError("the split is not the one whose hash the manifest holds")
    stored = sha256(files[DOMAIN_FILE]) if DOMAIN_FILE in files else None
    if stored != (manifest.domain.sha256 if manifest.domain else None):
        raise IntegrityError("the domain check is not the one whose hash the manifest holds")
    stored = sha256(files[LOCATOR_FILE]) if LOCATOR_FILE in files else None
    if stored != (manifest.locator.sha256 if manifest.locator else None):
        raise IntegrityError("the locator is not the one whose hash the manifest holds")
    if LOCATOR_FILE in files:
        check_self_contained(files[LOCATOR_FILE])


def _check_schema_version(path: Path, text: bytes) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path} is not JSON: {error}") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if type(version) is not int or version not in READ_VERSIONS:
        raise ManifestError(
            f"{path} has schema version {version!r}; this program reads the versions "
            f"{' and '.join(map(str, READ_VERSIONS))}: use the release that wrote the bundle, or "
            "export it again"
        )


def _read_graph(folder: Path, graph: OnnxFile | LocatorSpec, max_bytes: int) -> bytes:
    path = folder / graph.file
    onnx = _read_checked(path, graph.sha256, max_bytes)
    if len(onnx) != graph.bytes:
        raise IntegrityError(f"{path} has {len(onnx)} bytes, not as stated")
    try:
        check_self_contained(onnx)
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from error
    return onnx


def _read_split(folder: Path, manifest: Manifest) -> Split | None:
    if manifest.split_sha256 is None:
        return None
    path = folder / SPLIT_FILE
    text = _read_checked(path, manifest.split_sha256, MAX_SPLIT_BYTES)
    try:
        parts = json.loads(text)
        return Split(**{name: frozenset(parts[name]) for name in parts})
    except (TypeError, ValueError, LookupError, RecursionError) as error:
        raise IntegrityError(f"{path} is not a split: {error}") from error


def _read_domain(folder: Path, manifest: Manifest) -> NDArray[np.float32] | None:
    check = manifest.domain
    if check is None:
        return None
    path = folder / check.file
    data = _read_checked(path, check.sha256, MAX_DOMAIN_BYTES)
    if len(data) != check.bytes:
        raise IntegrityError(f"{path} has {len(data)} bytes, not as stated")
    numbers = np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False)
    if not np.isfinite(numbers).all():
        raise IntegrityError(f"{path} holds a number that is not finite")
    return numbers


def _open_other(bundle: Bundle, reference: OtherGraph) -> Bundle:
    path = bundle.folder / reference.manifest
    packed = _read_checked(path, reference.sha256, MAX_MANIFEST_BYTES)
    try:
        manifest = _parse(path, unpacked(packed, MAX_MANIFEST_BYTES))
        check_same_encoder(bundle.manifest, manifest)
        path = bundle.folder / manifest.onnx.file
        graph = _read_checked(path, manifest.onnx.sha256, MAX_ONNX_BYTES)
        onnx = with_weights(graph, bundle.manifest.onnx.file, bundle.onnx)
        check_self_contained(onnx)
    except (IntegrityError, ManifestError) as error:
        raise type(error)(f"{path}: {error}") from error
    domain = _read_domain(bundle.folder, manifest)
    return replace(bundle, manifest=manifest, onnx=onnx, domain=domain)


def _read_checked(path: Path, expected: str, limit: int) -> bytes:
    data = _read_bounded(path, limit)
    if sha256(data) != expected:
        raise IntegrityError(f"{path} is not the file that the manifest names: its hash differs")
    return data


def _read_bounded(path: Path, limit: int) -> bytes:
    try:
        return read_file(path, limit)
    except FileError as error:
        kind = UnreadableError if error.is_transient else IntegrityError
        raise kind(str(error)) from error
