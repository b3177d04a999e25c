"""Training loop, seeded and resumable.

All randomness comes from generators seeded by (seed, epoch, step). A run that was killed and
resumed at an epoch therefore equals an unbroken one: bit for bit on the CPU, and up to rounding on
CUDA, where the order of summation is not fixed.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import registry
from training.config.schema import TrainingConfig
from training.data.decoding import DecodedImages
from training.encoder import build_encoder
from training.errors import ConfigError
from training.fit import divergence, early_stopping
from training.fit.batches import Batch, Batches, seed_of
from training.fit.compilation import compiled
from training.fit.distributed import ALONE, World
from training.fit.loss_compatibility import check_compatibility
from training.fit.objective import objective_of
from training.fit.progress import Progress
from training.fit.schedule import Schedule
from training.losses._prototypes import has_prototypes, imprint
from training.metrics.rates import equal_error
from training.registry import Part
from training.running_average import RunningAverage
from training.runs.device import has_bfloat16
from training.runs.run_folder import RunFolder
from training.transfer.distillation import Distillation
from training.transfer.mixtures import Mixtures
from training.transfer.similarities import TaughtSimilarities


@dataclass(frozen=True)
class TrainingData:
    """Images to train on, at canvas size, and to measure after each epoch, at input size.

    The targets are an adopted teacher's embeddings of the images to train on, and after them of the
    mixtures, if there is one.
    """

    train: DecodedImages
    calibration: DecodedImages
    targets: NDArray[np.float32] | None = None
    mixtures: Mixtures | None = None


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
        check_compatibility(config)
        optimisation = config.optimisation
        if world.size > 1 and optimisation.accumulate > 1:
            raise ConfigError(
                f"{world.size} processes each take their share of a batch; set accumulate to 1"
            )
        self.config, self.run, self.world = config, run, world
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.calibration = data.calibration
        self.batches = Batches(config, data.train, self.device, world, data.mixtures)
        torch.manual_seed(config.seed)
        encoder: Any = build_encoder(config)
        # As the images are, so that no convolution has to reorder its kernels.
        encoder = encoder.to(device=self.device, memory_format=torch.channels_last)
        self.encoder: Any = world.prepare(encoder)
        self.average = RunningAverage(self.encoder, optimisation.average_decay)
        self.objective = objective_of(config.metric, self.encoder)
        outputs = self.objective.outputs
        self.outputs = compiled(outputs) if optimisation.compiled else outputs
        self.distillation = None if distillation is None else distillation.to(self.device)
        self.taught = self._taught(data)
        identities, rate = len(data.train.source.identities), optimisation.learning_rate
        self.loss = registry.build(
            Part.LOSS, config.loss, dim=self.encoder.dim, identities=identities
        ).to(self.device)
        self.optimiser = registry.build(
            Part.OPTIMISER, config.optimiser, parameters=self._parameters(), learning_rate=rate
        )
        steps = self.batches.steps * optimisation.epochs
        self.schedule = Schedule(rate, optimisation.warmup, steps)

    def restore(self) -> int:
        """Load the run's last checkpoint; returns the epoch to resume with, counted from 0."""
        state = self.run.load_checkpoint()
        if state is None:
            return 0
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        return int(state["epoch"])

    def begin_with(self, trained: nn.Module) -> None:
        """Start from trained weights, which are saved as the checkpoint of epoch 0.

        The loss is untrained; its prototypes, if it has any, are set to the mean embeddings of
        their identities.
        """
        optimisation = self.config.optimisation
        self.encoder.load_state_dict(trained.state_dict())
        self.average = RunningAverage(self.encoder, optimisation.average_decay)
        if optimisation.epochs and (has_prototypes(self.loss) or self.taught is not None):
            embeddings, labels = self._embed_training_images()
            imprint(self.loss, embeddings, labels)
            if self.taught is not None:
                self.taught.begin(embeddings)
        if self.world.rank == 0:
            self.run.save_checkpoint(self._state(0))

    def fit(self, progress: Progress, start: int = 0) -> None:
        """Train from an epoch to the last.

        Raises:
            DivergedError: The loss or an embedding is not finite.
            CollapsedError: The trained encoder gives every image the same embedding.
            RunError: A checkpoint cannot be written.
        """
        history = self.run.history()[:start]
        for epoch in range(start, self.config.optimisation.epochs):
            if early_stopping.is_over(history, self.config.optimisation.patience):
                break
            started = time.perf_counter()
            loss = self._train_epoch(epoch, progress)
            seconds = time.perf_counter() - started
            eer = self._calibration_eer()
            summary = {"loss": loss, "calibration EER": eer, "seconds": seconds}
            history.append({"epoch": epoch + 1, **summary})
            if self.world.rank == 0:
                self._save(history)
            progress.epoch(epoch, summary)
        self.world.wait()
        self.objective.check_spread(self.average.result, self.calibration, self.device)

    def _taught(self, data: TrainingData) -> TaughtSimilarities | None:
        """Return the term of the loss for an adopted teacher's embeddings, if there are any."""
        if data.targets is None:
            return None
        weight = self.config.optimisation.teacher_weight
        images, metric = len(data.train.source), self.config.metric
        term = TaughtSimilarities(self.encoder.dim, data.targets, images, metric, weight)
        return term.to(self.device)

    def _embed_training_images(self) -> tuple[Tensor, Tensor]:
        """Return the embeddings of all training images, (images, dim), and their identities."""
        self.encoder.eval()
        with torch.no_grad(), self._precision():
            embeddings = [self.encoder(images) for images in self.batches.all_images()]
        labels = torch.from_numpy(self.batches.labels).to(self.device)
        return torch.cat(embeddings).float(), labels

    def _train_epoch(self, epoch: int, progress: Progress) -> float:
        """Take every step of an epoch; returns the mean loss."""
        self.encoder.train()
        # Dropout draws from the global generator.
        torch.manual_seed(seed_of(self.config.seed, epoch))
        total = 0.0
        for step, batch in enumerate(self.batches.epoch(epoch)):
            rate = self.schedule.apply(self.optimiser, epoch * self.batches.steps + step)
            loss = self._step(batch)
            divergence.check_loss(loss, epoch, rate)
            total += loss
            progress.step(loss, len(batch.identities))
        return total / self.batches.steps

    def _step(self, batch: Batch) -> float:
        """Update the weights by a batch, in equal parts to save memory; returns the loss."""
        self.optimiser.zero_grad(set_to_none=True)
        parts, total = self.config.optimisation.accumulate, 0.0
        for piece in batch.pieces(parts):
            loss = self._loss(piece) * (1 / parts)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        self.world.average_gradients(self._parameters())
        self.optimiser.step()
        self.average.update()
        return total

    def _loss(self, batch: Batch) -> Tensor:
        """Loss of a part of a batch, with the teacher's term if there is a teacher."""
        images, identities, rows, mixtures = batch
        with self._precision():
            outputs = self.outputs(self.encoder, images).float()
        of_images = self.world.gather(outputs[: len(outputs) - mixtures])
        loss: Tensor = self.loss(of_images, self.objective.labels(identities))
        if self.taught is not None:
            of_mixtures = [self.world.gather(outputs[-mixtures:])] if mixtures else []
            loss = loss + self.taught.loss(torch.cat([of_images, *of_mixtures]), rows)
        if self.distillation is not None:
            with self._precision():
                teacher = self.world.gather(self.distillation.embed(images))
            loss = loss + self.distillation.loss(of_images, teacher)
        return loss

    def _precision(self) -> torch.autocast:
        enabled = self.config.optimisation.bfloat16 and has_bfloat16(self.device)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def _calibration_eer(self) -> float:
        """Measure the EER; raises before the checkpoint is saved if an embedding is not finite."""
        pairs = self.objective.pairs(self.average.result, self.calibration, self.device)
        return equal_error(pairs).rate

    def _parameters(self) -> list[nn.Parameter]:
        return [*self.encoder.parameters(), *self.loss.parameters()]

    def _save(self, history: list[dict[str, float]]) -> None:
        """Save the history, and the state after its last epoch."""
        done = len(history)
        # In this order a kill between the two loses nothing: resuming cuts the history.
        self.run.write_history(history)
        if self.config.optimisation.patience and early_stopping.best_epoch(history) == done:
            self.run.save_checkpoint(self._state(done), "best.pt")
        self.run.save_checkpoint(self._state(done))

    def _state(self, epoch: int) -> dict[str, Any]:
        return {"epoch": epoch} | {name: part.state_dict() for name, part in self._parts().items()}

    def _parts(self) -> dict[str, Any]:
        """Return everything that a checkpoint holds the state of."""
        parts = {"encoder": self.encoder, "loss": self.loss, "optimiser": self.optimiser}
        taught = {} if self.taught is None else {"taught": self.taught}
        return parts | taught | self.average.parts
