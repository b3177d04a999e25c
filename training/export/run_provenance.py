"""Provenance of a run's bundle: its data, its config, its command, and how long it took."""

from model.manifest import Provenance
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.runs.run_folder import RunFolder


def provenance_of(run: RunFolder, images: ImageSet, parameters: int, epochs: int) -> Provenance:
    """Return the provenance of a network that was trained for so many epochs."""
    config, record = run.config(), run.record()
    trained = run.split().take(images, "train")
    return Provenance(
        data=record.data_name,
        data_sha256=record.data_sha256,
        config=config.name,
        config_json=config.model_dump_json(),
        seed=config.seed,
        command=record.command,
        git_revision=record.git_revision,
        trained_at=record.started_at,
        training_seconds=_seconds(config, run, epochs),
        parameters=parameters,
        train_identities=len(trained.identities),
        train_images=len(trained),
        libraries=record.libraries,
        initial_weights=record.initial_weights,
        teacher=record.teacher,
    )


def _seconds(config: TrainingConfig, run: RunFolder, epochs: int) -> float:
    """Time of the training, which was a part of the choice where there were no epochs after it."""
    choice = config.measurement.choice
    if not config.optimisation.epochs and choice is not None:
        return sum(tried.seconds for tried in choice.tried)
    return sum(epoch["seconds"] for epoch in run.history()[:epochs])
