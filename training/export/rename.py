"""A bundle under another name: the same graphs and figures in another folder."""

from pathlib import Path

from pydantic import ValidationError

from model.bundle import Bundle
from model.manifest import Manifest
from model.other_graphs.files import GraphFiles
from model.schema.domain import DOMAIN_FILE
from training.errors import ExportError
from training.export.bundle_name import bundle_name
from training.export.int8_graph import with_graphs, write_like


def rename(bundle: Bundle, to: Path, version: str | None = None) -> Manifest:
    """Write a bundle again, named after its folder `to`; no graph and no figure changes.

    Galleries hold the hash of the graph, so that their embeddings stay valid.

    Args:
        bundle: The bundle, which stays where it is.
        to: The new folder.
        version: Version of the new bundle; None for the same one.

    Raises:
        ExportError: The folder's name cannot be a bundle's, or the version is not one.
        BundleError: The folder exists and is no bundle.
    """
    changes = {"name": bundle_name(to), "version": version or bundle.manifest.version}
    others = tuple(_renamed(bundle.folder, each.manifest, changes) for each in bundle.graphs)
    manifest = with_graphs(_changed(bundle.manifest, changes), others)
    domain = None if bundle.domain is None else (bundle.folder / DOMAIN_FILE).read_bytes()
    write_like(bundle, manifest, to, domain, others)
    return manifest


def _renamed(folder: Path, manifest: Manifest, changes: dict[str, str]) -> GraphFiles:
    """Return a further graph's files, whose bytes stay as they are."""
    check = manifest.domain
    domain = None if check is None else (folder / check.file).read_bytes()
    graph = (folder / manifest.onnx.file).read_bytes()
    return GraphFiles(_changed(manifest, changes), graph, domain)


def _changed(manifest: Manifest, changes: dict[str, str]) -> Manifest:
    try:
        return Manifest.model_validate(dict(manifest) | changes)
    except ValidationError as error:
        raise ExportError(
            f"{changes['version']!r} is not a version: write three numbers, as 1.0.0"
        ) from error
