"""Pretrained weights to start a training from: those of a bundle's graph, or of a run."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import nn

from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle, Split, sha256
from model.errors import SelfCheckError
from model.golden import check_golden, golden_image
from model.manifest import InitialWeights, InputSpec, Kind, Metric, SplitBy
from training import registry
from training.config.schema import TrainingConfig
from training.config.sections import SplitConfig, View
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.encoder import build_encoder, trained_encoder
from training.errors import WeightsError
from training.inference.pytorch import embed
from training.registry import Component, Part
from training.runs.run_folder import RunFolder, open_system
from training.serving_graph.multi_view import with_views
from training.serving_graph.wccn import WhitenedEncoder
from training.transfer.former_split import split_again
from training.transfer.onnx_weights import load_graph, restore_statistics

_SECONDS = 60.0
"""Time to build a network and read a graph into it."""


class Architecture(BaseModel):
    """Fields of a config that weights depend on; a training that starts from them adopts these."""

    model_config = ConfigDict(frozen=True)

    input: InputSpec
    metric: Metric
    network: Component
    views: tuple[View, ...] = ()
    whitening: float | None = None

    def build(self) -> nn.Module:
        """Build the untrained network.

        Raises:
            ConfigError: There is no such network, or it cannot be built.
        """
        network: nn.Module = registry.build(Part.NETWORK, self.network, spec=self.input)
        return network

    def served(self, encoder: nn.Module) -> nn.Module:
        """Return an encoder with the layers that this architecture's exported graph adds to it."""
        viewed = with_views(encoder, self.input, self.views)
        if self.whitening is None:
            return viewed
        dim: Any = encoder.dim
        return WhitenedEncoder(viewed, dim)


@dataclass(frozen=True)
class TrainedWeights:
    """Pretrained weights, held by a bundle or by a network.

    Attributes:
        source: Name, version and hash, as they are written into a manifest.
        architecture: Input, metric and network of the weights.
        seen: Digests of the identities that they were trained or calibrated on.
        split: The split that they were trained and calibrated by, where it is known.
        split_by: Whether that is a split by identity or by image.
        bundle: The bundle whose graph holds the weights; None for the weights of a run.
        encoder: The trained network of a run; None for the weights of a bundle.
    """

    source: InitialWeights
    architecture: Architecture
    seen: frozenset[str]
    split: Split | None = field(default=None, repr=False)
    split_by: SplitBy = SplitBy.IDENTITY
    bundle: Bundle | None = field(default=None, repr=False)
    encoder: nn.Module | None = field(default=None, repr=False)

    def adopted(self, config: TrainingConfig) -> TrainingConfig:
        """Return a config with the network, metric and input of these weights.

        A config whose images have the same size and channels keeps its own framing: aspect, middle
        and views. Whitening stays the config's own, since it is measured again.
        """
        adopted = dict(self.architecture)
        del adopted["whitening"]
        if _shape(config.input) == _shape(self.architecture.input):
            del adopted["input"], adopted["views"]
        return config.model_copy(update=adopted)

    @property
    def trained_on(self) -> frozenset[str]:
        """Digests of the identities that they were trained on, where they are known."""
        return frozenset() if self.split is None else self.split.train

    def split_of(self, images: ImageSet, config: SplitConfig) -> DataSplit | None:
        """Return the split by identity of the weights, for a training on the same identities.

        Returns:
            None where the split does not cover all of the data, or where the config or the data set
            names other identities to calibrate or test on.
        """
        by = self.split_by
        if self.split is None or by is not SplitBy.IDENTITY or config.by is not by:
            return None
        return split_again(images, config, self.split)

    def encoder_of(self, config: TrainingConfig, images: NDArray[np.uint8]) -> nn.Module:
        """Build the network of a config with these weights.

        Options that change no shape, such as a dropout, may differ. The images, uint8,
        (images, H, W, C), give the statistics that a bundle's graph does not hold.

        Raises:
            WeightsError: The shapes differ, or the network fails the bundle's self-check.
        """
        encoder: nn.Module = build_encoder(config)
        if self.bundle is not None:
            norms = read_bundle(self.architecture.served(encoder), self.bundle)
            restore_statistics(encoder, norms, images)
        elif self.encoder is not None:
            try:
                encoder.load_state_dict(self.encoder.state_dict())
            except RuntimeError as error:
                reason = " ".join(str(error).split())
                raise WeightsError(f"the weights are not of this network: {reason}") from error
        return encoder


def _shape(spec: InputSpec) -> tuple[int, int, int]:
    return spec.height, spec.width, spec.channels


def open_weights(path: Path) -> TrainedWeights:
    """Open a bundle or a run to start a training from.

    Raises:
        WeightsError: The bundle is no encoder, or does not name its network.
        BundleError: The bundle does not pass its checks.
        RunError: The path is neither, or the run has no checkpoint.
    """
    opened = open_system(path)
    return _of_run(opened) if isinstance(opened, RunFolder) else _of_bundle(opened)


def read_bundle(encoder: nn.Module, bundle: Bundle) -> list[nn.Module]:
    """Read a bundle's graph into its network, and check the network by the golden embedding.

    Returns:
        The norms whose statistics the graph does not hold.

    Raises:
        WeightsError: The graph is not of this network, or the network's embedding differs.
    """
    spec = bundle.manifest.input
    norms = load_graph(encoder, bundle.onnx, golden_image(spec)[np.newaxis])
    try:
        check_golden(bundle.manifest.golden, spec, lambda images: embed(encoder, images))
    except SelfCheckError as error:
        raise WeightsError(f"{bundle.folder} cannot be read back into PyTorch: {error}") from error
    return norms


def _of_bundle(bundle: Bundle) -> TrainedWeights:
    manifest = bundle.manifest
    if manifest.provenance is None:
        raise WeightsError(
            f"{bundle.folder} was adopted: its network is not known here, only its graph; begin "
            "with a bundle that was trained here"
        )
    if manifest.kind is not Kind.ENCODER:
        raise WeightsError(
            f"{bundle.folder} is of kind {manifest.kind}, and only a bundle of kind encoder is "
            "read back; --init also takes the run that this one was exported from"
        )
    try:  # The architecture alone: other fields may be those of an older version's config.
        architecture = Architecture.model_validate(json.loads(manifest.provenance.config_json))
    except ValueError as error:
        raise WeightsError(
            f"{bundle.folder} does not name the network of its graph ({error})"
        ) from error
    _check_bounds(bundle, architecture)
    split = bundle.split
    source = InitialWeights(
        name=manifest.name,
        version=manifest.version,
        sha256=manifest.onnx.sha256,
        seen=manifest.seen,
    )
    seen = frozenset[str]() if split is None else split.train | split.calibration
    return TrainedWeights(source, architecture, seen, split, manifest.split_by, bundle=bundle)


def _check_bounds(bundle: Bundle, architecture: Architecture) -> None:
    """Build the network and read the graph into it in a bounded child process (decision 36).

    A bundle names any sizes for its network, and they are allocated before a weight is compared.
    """

    def read() -> None:
        torch.set_num_threads(1)  # The threads of this process do not exist in a forked one.
        read_bundle(architecture.served(architecture.build()), bundle)

    limits = replace(limits_for(bundle.onnx), seconds=_SECONDS)
    try:
        run_bounded(read, limits, f"reading {bundle.folder} into PyTorch")
    except SelfCheckError as error:
        raise WeightsError(f"{bundle.folder} cannot be started from: {error}") from error


def _of_run(run: RunFolder) -> TrainedWeights:
    config, state, digests = run.config(), run.load_result(), run.digests()
    source = InitialWeights(
        name=config.name,
        version=config.version,
        sha256=sha256(run.result_file.read_bytes()),
        seen=run.record().seen,
    )
    architecture = Architecture.model_validate(config.model_dump())
    seen = digests.train | digests.calibration
    encoder, by = trained_encoder(config, state), config.split.by
    return TrainedWeights(source, architecture, seen, digests, by, encoder=encoder)
