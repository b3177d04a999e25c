"""Systems under test of a bundle or a run: its network, and what it has not seen of a data set."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model.bundle import Bundle
from model.manifest import Metric, Seen
from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.encoder import trained_encoder
from training.evaluation.system import SystemUnderTest
from training.evaluation.unseen import Origin, split_unseen
from training.inference import binary_codes
from training.inference.comparer import Comparer, EmbeddingComparer, PairComparer, graph_comparer
from training.inference.locating import locator_of
from training.inference.pytorch import embed, score
from training.inference.self_check import check_graph
from training.runs.run_folder import RunFolder
from training.stages import SILENT, Stages

Pixels = NDArray[np.uint8]


def origin_of(opened: RunFolder | Bundle) -> Origin:
    """Origin of a run or of a bundle."""
    if not isinstance(opened, RunFolder):
        return Origin.of(opened)
    data = opened.record().data_sha256
    name, by = opened.path.resolve().name, opened.config().split.by
    return Origin(name, opened.digests(), by, data, data)


def system_of(
    opened: RunFolder | Bundle,
    images: ImageSet,
    data: Path | None = None,
    *,
    include_known_names: bool = False,
    stages: Stages = SILENT,
) -> SystemUnderTest:
    """Make a system under test of a bundle, or of a run with its network as it is exported.

    The data set has the path `data`. See `split_unseen` for `include_known_names`. The stages are
    told how many images were read and encoded.

    Raises:
        DataError: Nothing of the data set is unseen.
        RunError: A run without a checkpoint.
        SelfCheckError: The bundle's graph does not pass its self-check.
    """
    origin, fingerprint = origin_of(opened), images.fingerprint()
    split = split_unseen(origin, images, fingerprint, include_known_names=include_known_names)
    seen, locator = Seen.IDENTITIES, None
    if isinstance(opened, RunFolder):
        comparer, spec, seen = _run_comparer(opened), opened.config().input, opened.record().seen
    else:
        manifest = opened.manifest
        check_graph(opened)
        comparer, spec = graph_comparer(opened.onnx, manifest.metric, stages), manifest.input
        seen, locator = manifest.seen, locator_of(opened)
    own = fingerprint == origin.calibrated_on
    return SystemUnderTest(
        comparer,
        spec,
        images,
        split,
        data,
        name=origin.name,
        own_data=own,
        seen=seen,
        locator=locator,
        stages=stages,
    )


def _run_comparer(run: RunFolder) -> Comparer:
    config = run.config()
    network: Any = trained_encoder(config, run.load_result())
    cpu = torch.device("cpu")
    if config.metric is Metric.NONE:
        return PairComparer(partial(score, network, device=cpu))

    def compared(pixels: Pixels) -> Vectors:
        return binary_codes.as_compared(embed(network, pixels, cpu), config.metric)

    return EmbeddingComparer(compared, config.metric)
