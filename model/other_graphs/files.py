"""Files of a further graph in a bundle: its manifest, its graph and its domain check's numbers."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass

from model.errors import IntegrityError, ManifestError
from model.external_data import check_self_contained
from model.manifest import Manifest, OtherGraph, Precision
from model.other_graphs.shared_weights import with_weights
from model.schema.domain import INT8_DOMAIN_FILE

OWN_PARTS = (
    *("onnx", "golden", "graphs", "calibration", "accuracy"),
    *("domain", "templates", "identification", "conditions"),
)
"""Fields of a manifest that are of one graph; all graphs of a bundle have the others alike."""


@dataclass(frozen=True)
class GraphFiles:
    """A further graph of a bundle, as it is written.

    Attributes:
        manifest: Its own manifest.
        onnx: The graph, whose weights may lie in the file of the bundle's own graph.
        domain: Content of its domain check's file, None where it has none.
    """

    manifest: Manifest
    onnx: bytes
    domain: bytes | None = None

    @property
    def packed_manifest(self) -> bytes:
        """Content of its manifest's file."""
        return gzip.compress(self.manifest.model_dump_json().encode(), mtime=0)

    @property
    def reference(self) -> OtherGraph:
        """Its entry in the bundle's manifest."""
        return OtherGraph(precision=Precision.INT8, sha256=_sha256(self.packed_manifest))

    def named_files(self, main: Manifest, weights: bytes) -> dict[str, bytes]:
        """Return its files by name, checked against its manifest and the bundle's.

        Args:
            main: The bundle's manifest.
            weights: The bundle's own graph.

        Raises:
            IntegrityError: They are not what the manifests name.
        """
        if self.reference not in (main.graphs or ()):
            raise IntegrityError("the manifest names another further graph")
        check_same_encoder(main, self.manifest)
        check_self_contained(with_weights(self.onnx, main.onnx.file, weights))
        files, hashes = {self.manifest.onnx.file: self.onnx}, [self.manifest.onnx.sha256]
        check = self.manifest.domain
        if check is not None and self.domain is not None:
            files[check.file] = self.domain
            hashes.append(check.sha256)
        if (check is None) is not (self.domain is None) or hashes != list(
            map(_sha256, files.values())
        ):
            raise IntegrityError("a file of the further graph is not one that its manifest names")
        return files | {self.reference.manifest: self.packed_manifest}


def unpacked(packed: bytes, max_bytes: int) -> bytes:
    """Unpack a manifest.

    Raises:
        ManifestError: It is not a gzip file, or has more bytes.
    """
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        text = unpacking.decompress(packed, max_bytes)
    except zlib.error as error:
        raise ManifestError(f"the manifest is not a gzip file: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise ManifestError(f"the manifest is cut short, or has more than {max_bytes:,} bytes")
    return text


def check_same_encoder(main: Manifest, other: Manifest) -> None:
    """Check that a further graph's manifest is the bundle's but for the graph's own parts.

    Raises:
        ManifestError: It differs.
    """
    for field in Manifest.model_fields:
        if field not in OWN_PARTS and getattr(main, field) != getattr(other, field):
            raise ManifestError(f"the manifest of the further graph has another {field}")
    if other.graphs is not None or other.onnx.precision is not Precision.INT8:
        raise ManifestError("the further graph is not an int8 graph")
    own_domain = other.domain is None or other.domain.file == INT8_DOMAIN_FILE
    if other.onnx.file == main.onnx.file or not own_domain:
        raise ManifestError("the further graph has the files of the bundle's own")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
