"""The training loop: seeded, resumable, watched.

Nothing random is carried from step to step: each epoch's and each batch's numbers are drawn from a
generator made of (seed, epoch, step). A run that was killed and resumed at an epoch is therefore
the same run: bit for bit on the CPU, and but for rounding on CUDA, where sums have no fixed order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import registry
from training.config.schema import TrainingConfig
from training.data.decoding import DecodedImages
from training.encoder import build_encoder, running_average
from training.errors import ConfigError
from training.fit import divergence, early_stopping
from training.fit.compilation import compiled
from training.fit.distributed import ALONE, World
from training.fit.loss_compatibility import check_parts
from training.fit.objective import objective_of
from training.fit.progress import Progress
from training.losses._prototypes import has_prototypes, imprint
from training.metrics.rates import equal_error
from training.registry import Part
from training.runs.run_folder import RunFolder
from training.serving_graph.normalise import scale
from training.transfer.distillation import Distillation


@dataclass(frozen=True)
class TrainingData:
    """What the loop needs of a data set.

    Attributes:
        train: Training images at canvas size.
        calibration: Calibration images at input size: watched, never trained on.
    """

    train: DecodedImages
    calibration: DecodedImages


class Trainer:
    """One run of one config on one data set, with a teacher where there is one."""

    def __init__(
        self,
        config: TrainingConfig,
        data: TrainingData,
        run: RunFolder,
        world: World = ALONE,
        distillation: Distillation | None = None,
    ) -> None:
        if world.size > 1 and config.optimisation.accumulate > 1:
            raise ConfigError(
                f"{world.size} processes each take their share of a batch; set accumulate to 1"
            )
        self.config, self.run, self.world = config, run, world
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.calibration = data.calibration
        self.labels = data.train.source.labels()
        self.canvases = _kept(data.train.pixels, self.device)
        torch.manual_seed(config.seed)
        self.encoder: Any = world.prepare(build_encoder(config).to(self.device))
        self.objective = objective_of(config.metric, self.encoder)
        self.outputs = (
            compiled(self.objective.outputs)
            if config.optimisation.compiled
            else self.objective.outputs
        )
        self.distillation = None if distillation is None else distillation.to(self.device)
        self.loss = registry.build(
            Part.LOSS,
            config.loss,
            dim=self.encoder.dim,
            identities=len(data.train.source.identities),
        ).to(self.device)
        self.optimiser = registry.build(
            Part.OPTIMISER,
            config.optimiser,
            parameters=[*self.encoder.parameters(), *self.loss.parameters()],
            learning_rate=config.optimisation.learning_rate,
        )
        self.sampler = registry.build(
            Part.SAMPLER, config.sampler, pairs=data.train.source.listed_rows()
        )
        check_parts(config, self.loss, self.sampler)
        self.augment = registry.build(Part.AUGMENTATION, config.augmentation)
        self.average = running_average(self.encoder, config.optimisation.average_decay)
        self.steps = len(self._order(0))

    @property
    def result(self) -> nn.Module:
        """The encoder to keep: the running average where there is one."""
        return self.encoder if self.average is None else self.average.module

    def restore(self) -> int:
        """Take up the run's last checkpoint.

        Returns:
            The epoch to go on with, counted from 0.
        """
        state = self.run.load_checkpoint()
        if state is None:
            return 0
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        return int(state["epoch"])

    def begin_with(self, trained: nn.Module) -> None:
        """Begin with trained weights, kept as the checkpoint of no epoch.

        The loss starts anew, with prototypes, where it has them, at their identities' places.
        """
        self.encoder.load_state_dict(trained.state_dict())
        self.average = running_average(self.encoder, self.config.optimisation.average_decay)
        if self.config.optimisation.epochs and has_prototypes(self.loss):
            imprint(self.loss, *self._glance())
        if self.world.rank == 0:
            self.run.save_checkpoint(self._state(0))

    def _glance(self) -> tuple[Tensor, Tensor]:
        """Embeddings of every training image, varied once, (images, dim), and their identities."""
        size = (self.config.input.height, self.config.input.width)
        generator = torch.Generator().manual_seed(self.config.seed)
        self.encoder.eval()
        with torch.no_grad(), self._precision():
            embeddings = [
                self.encoder(scale(self.augment(canvas.to(self.device), size, generator)))
                for canvas in torch.split(self.canvases, self.config.optimisation.batch_size)
            ]
        return torch.cat(embeddings).float(), torch.from_numpy(self.labels).to(self.device)

    def fit(self, watch: Progress, start: int = 0) -> None:
        """Train from an epoch to the last.

        Raises:
            DivergedError: The loss is no longer a number.
            CollapsedError: The trained encoder gives every image the same embedding.
            RunError: A checkpoint cannot be written.
        """
        history = self.run.history()[:start]
        for epoch in range(start, self.config.optimisation.epochs):
            if early_stopping.is_over(history, self.config.optimisation.patience):
                break
            began = time.perf_counter()
            loss = self._train_epoch(epoch, watch)
            seconds = time.perf_counter() - began
            eer = self._calibration_eer()
            summary = {"loss": loss, "calibration EER": eer, "seconds": seconds}
            history.append({"epoch": epoch + 1, **summary})
            if self.world.rank == 0:
                self._keep(history)
            watch.epoch(epoch, summary)
        self.world.wait()
        self.objective.check_spread(self.result, self.calibration, self.device)

    def _keep(self, history: list[dict[str, float]]) -> None:
        """Write down the epochs so far, and the state after the last of them."""
        done = len(history)
        # In this order a kill between the two loses nothing: resuming cuts the history.
        self.run.write_history(history)
        if self.config.optimisation.patience and early_stopping.best_epoch(history) == done:
            self.run.save_best(self._state(done))
        self.run.save_checkpoint(self._state(done))

    def _train_epoch(self, epoch: int, watch: Progress) -> float:
        """Make every step of an epoch; returns the mean loss."""
        self.encoder.train()
        torch.manual_seed(_key(self.config.seed, epoch))  # Dropout draws from the global generator.
        total = 0.0
        for step, (images, identities) in enumerate(self._batches(epoch)):
            rate = self._set_learning_rate(epoch * self.steps + step)
            loss = self._step(images, identities)
            divergence.check_loss(loss, epoch, rate)
            total += loss
            watch.step(loss, len(identities))
        return total / self.steps

    def _step(self, images: Tensor, identities: Tensor) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        parts = self.config.optimisation.accumulate
        pieces = zip(images.chunk(parts), identities.chunk(parts), strict=True)
        total = sum(self._backward(*piece, 1 / parts) for piece in pieces)
        self.world.average_gradients([*self.encoder.parameters(), *self.loss.parameters()])
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.encoder)
        return total

    def _backward(self, images: Tensor, identities: Tensor, share: float) -> float:
        """Add the gradient of a part of a batch; returns its share of the loss."""
        loss = self._loss(images, identities) * share
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _loss(self, images: Tensor, identities: Tensor) -> Tensor:
        """The loss of a part of a batch, and what the teacher adds to it."""
        with self._precision():
            answers = self.world.gather(self.outputs(self.encoder, images)).float()
        loss: Tensor = self.loss(answers, self.objective.labels(identities))
        if self.distillation is None:
            return loss
        with self._precision():
            shown = self.world.gather(self.distillation.embed(images))
        return loss + self.distillation.loss(answers, shown)

    def _precision(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.config.optimisation.bfloat16
        )

    def _batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Images as the network takes them, and the identities of the batch, (batch,).

        The images are this process's share of the batch, (share, C, H, W): all of it when alone.
        """
        size = (self.config.input.height, self.config.input.width)
        which = (self.world.rank,) if self.world.rank else ()
        for step, indices in enumerate(self._order(epoch)):
            generator = torch.Generator().manual_seed(_key(self.config.seed, epoch, step, *which))
            mine = self.world.share(torch.from_numpy(indices)).to(self.canvases.device)
            canvas = self.canvases[mine].to(self.device)
            images = scale(self.augment(canvas, size, generator))
            yield (
                images.contiguous(memory_format=torch.channels_last),
                torch.from_numpy(self.labels[indices]).to(self.device),
            )

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Which images each step takes, (steps, batch)."""
        rng = np.random.default_rng([self.config.seed, epoch])
        order: NDArray[np.int64] = self.sampler.epoch(
            self.labels, self.config.optimisation.batch_size, rng
        )
        return order

    def _set_learning_rate(self, step: int) -> float:
        share = step / (self.steps * self.config.optimisation.epochs)
        rate = self.config.optimisation.learning_rate * schedule(
            share, self.config.optimisation.warmup
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _calibration_eer(self) -> float:
        # What is not finite is an error here, before the checkpoint: what is kept is always good.
        return equal_error(self.objective.pairs(self.result, self.calibration, self.device)).rate

    def _state(self, epoch: int) -> dict[str, Any]:
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {"epoch": epoch, **parts}

    def _parts(self) -> dict[str, Any]:
        """Everything that has a state."""
        parts = {"encoder": self.encoder, "loss": self.loss, "optimiser": self.optimiser}
        return parts if self.average is None else parts | {"average": self.average}


def schedule(share: float, warmup: float) -> float:
    """The learning rate's share at a share of the run: a linear rise, then half a cosine to 0."""
    if share < warmup:
        return share / warmup
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def _kept(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """The images where batches are drawn from: on a GPU where they take less than half its room."""
    canvases = torch.from_numpy(pixels)
    if device.type == "cuda" and pixels.nbytes < torch.cuda.mem_get_info(device)[0] // 2:
        return canvases.to(device)
    return canvases


def _key(*parts: int) -> int:
    """One seed of several numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
