"""Encoding of images to rows of embeddings, by the service's own encoders and checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.batching.decoding_memory import DecodingMemory
from app.catalog.catalog import ServedModel
from app.errors import EncodingError
from app.gallery.records import Encoding
from app.settings import SHIPPED_BUNDLES, Provider, WantedPrecision
from app.worker.service import load_model
from bulk.embeddings import EMBEDDING, ERROR, PATH, PERCENTILE, SHA256, Maker, schema
from bulk.errors import EmbeddingsError, JobError
from bulk.sources.item import Item
from bulk.sources.reading import Content
from model.bundle import open_bundle
from model.errors import ImageError
from model.locating.locator import Pick
from model.manifest import Manifest
from model.preprocessing import ImageLimits, preprocess, preprocess_located

_AT_A_TIME = 64
_DIGITS = 3
_DECODING_BYTES = 1_000_000_000
"""Memory that the decoding of one image may take, as one request of the service may by default."""


@dataclass(frozen=True)
class Recipe:
    """Choices that the embeddings of a job depend on.

    Attributes:
        bundle: Folder of the bundle, on every machine that works.
        precision: The graph that runs: `fp32` or `int8`.
        pick: Rule for a picture in which a locator finds several things.
        max_bytes: Largest file of an image.
        max_pixels: Most pixels of an image.
    """

    bundle: str
    precision: WantedPrecision = WantedPrecision.FP32
    pick: Pick = Pick.ONLY
    max_bytes: int = 10_000_000
    max_pixels: int = 50_000_000


def bundle_folder(name: str) -> Path:
    """Return the folder of a bundle: a path, or the name of one that is shipped.

    Raises:
        JobError: There is none.
    """
    for folder in (Path(name), SHIPPED_BUNDLES / name):
        if (folder / "manifest.json").is_file():
            return folder.absolute()
    shipped = ", ".join(
        sorted(path.parent.name for path in SHIPPED_BUNDLES.glob("*/manifest.json"))
    )
    raise JobError(f"there is no bundle {name!r}; give a folder, or one of: {shipped}")


def manifest_of(name: str, maker: Maker) -> Manifest:
    """Return the manifest of the graph that made embeddings.

    Raises:
        EmbeddingsError: The bundle of that name has no such graph.
    """
    bundle = open_bundle(bundle_folder(name))
    for each in (bundle, *bundle.graphs):
        if Encoding.of(each.manifest).encoding_sha256 == maker.encoding.encoding_sha256:
            return each.manifest
    raise EmbeddingsError(
        f"the embeddings are of another bundle than {name}: {maker.encoding.model} "
        f"{maker.encoding.version} (sha256 {maker.encoding.sha256[:12]}); name its folder: --model"
    )


@dataclass
class _Row:
    """Row of one image: its input until it is encoded, or the reason of its error."""

    path: str
    sha256: str | None = None
    pixels: NDArray[np.uint8] | None = None
    error: str | None = None
    embedding: NDArray[Any] | None = None
    percentile: float | None = None


class Encoder:
    """A bundle that encodes images, with its locator and domain check. For one thread."""

    def __init__(self, recipe: Recipe) -> None:
        """Load the bundle, self-check included.

        Raises:
            BundleError: The bundle cannot be used.
            JobError: It has no embeddings, or no graph of that precision.
        """
        bundle = open_bundle(Path(recipe.bundle))
        if recipe.precision is WantedPrecision.INT8 and not bundle.graphs:
            raise JobError(f"the bundle {bundle.manifest.name!r} has no int8 graph")
        model = load_model(bundle, Provider.CPU, recipe.precision)
        if not isinstance(model, ServedModel):
            raise JobError(
                f"{bundle.manifest.name!r} compares two images and has no embeddings; name a "
                "bundle that has them"
            )
        self._model, self._recipe = model, recipe
        memory = DecodingMemory(_DECODING_BYTES, 0)
        self._limits = ImageLimits(recipe.max_bytes, recipe.max_pixels, memory.hold)
        check = model.manifest.domain
        self.maker = Maker(
            Encoding.of(model.manifest),
            model.manifest.onnx.precision,
            None if check is None else check.false_flag_rate,
            model.bundle.onnx.sha256,
        )

    def table(self, contents: Iterable[tuple[Item, Content]]) -> pa.Table:
        """Return the rows of images, in order; one that cannot be used has its error.

        Args:
            contents: The images with their bytes, or the reasons why there are none.
        """
        made = schema(self.maker)
        batches = [_batch(rows, made) for rows in self._encoded(contents)]
        return pa.Table.from_batches(batches, made)

    def _encoded(self, contents: Iterable[tuple[Item, Content]]) -> Iterator[list[_Row]]:
        remaining = iter(contents)
        while part := list(islice(remaining, _AT_A_TIME)):
            rows = [self._decoded(item, content) for item, content in part]
            self._encode([row for row in rows if row.pixels is not None])
            yield rows

    def _decoded(self, item: Item, content: Content) -> _Row:
        if isinstance(content, str):
            return _Row(item.path, error=content)
        row = _Row(item.path, hashlib.sha256(content).hexdigest())
        spec, locator = self._model.manifest.input, self._model.locator
        try:
            if locator is None:
                return replace(row, pixels=preprocess(content, spec, self._limits))
            pixels, _ = preprocess_located(content, spec, locator, self._recipe.pick, self._limits)
        except ImageError as error:
            return replace(row, error=str(error))
        return replace(row, pixels=pixels)

    def _encode(self, rows: list[_Row]) -> None:
        """Encode decoded rows together; where that fails, each alone."""
        if not rows:
            return
        pixels = np.stack([row.pixels for row in rows if row.pixels is not None])
        try:
            embeddings = self._model.encoder.embed(pixels)
        except EncodingError as error:
            if len(rows) == 1:
                rows[0].error = str(error)
            for row in rows if len(rows) > 1 else ():
                self._encode([row])
            return
        domain = self._model.domain
        shares = None if domain is None else domain.percentiles(pixels, embeddings)
        for place, row in enumerate(rows):
            row.pixels, row.embedding = None, embeddings[place]
            if shares is not None:
                row.percentile = round(100 * float(shares[place]), _DIGITS)


def _batch(rows: list[_Row], made: pa.Schema) -> pa.RecordBatch:
    kind = made.field(EMBEDDING).type
    known = [row.embedding for row in rows]
    ends = np.cumsum([0, *(0 if each is None else len(each) for each in known)])
    # A list whose offset is missing is null.
    missing = np.array([*(each is None for each in known), False])
    flat = [each for each in known if each is not None]
    values = pa.array(np.concatenate(flat) if flat else [], kind.value_type)
    columns = {
        PATH: pa.array([row.path for row in rows], pa.string()),
        SHA256: pa.array([row.sha256 for row in rows], pa.string()),
        EMBEDDING: pa.ListArray.from_arrays(
            pa.array(ends.astype(np.int32), mask=missing), values, type=kind
        ),
        PERCENTILE: pa.array([row.percentile for row in rows], pa.float64()),
        ERROR: pa.array([row.error for row in rows], pa.string()),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in made.names], schema=made)
