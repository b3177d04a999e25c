"""The errors of training, a branch of the tree in `model.errors`.

LikewiseError
└── TrainingError
    ├── ConfigError               a config, component or option that does not exist
    ├── DataError                 a data set that cannot be used
    │   └── SplitError                too few identities to train, calibrate and test
    ├── WeightsError              trained weights that cannot be started from, or distilled
    ├── RunError                  a run folder that cannot be used
    ├── SealedError               a second look at a test part, by a changed system
    ├── DivergedError             the loss is no longer a number
    ├── CollapsedError            every image gets the same embedding
    ├── ExportError               the ONNX graph does not compute what PyTorch does
    └── AdoptionError             an encoder of others that cannot be adopted
"""

from model.errors import LikewiseError


class TrainingError(LikewiseError):
    """Base of every error that training raises on purpose."""


class ConfigError(TrainingError):
    """A config, component or option that does not exist, or has an invalid value."""


class DataError(TrainingError):
    """A data set that cannot be used: empty, unreadable, or one image per identity."""


class SplitError(DataError):
    """Too few identities for separate training, calibration and test parts."""


class WeightsError(TrainingError):
    """Trained weights that do not fit the network that starts from them, or is taught by them."""


class RunError(TrainingError):
    """A run folder that is missing, in use, or belongs to another config or data set."""


class SealedError(TrainingError):
    """A test part that another system of the same config and seed was measured on."""


class DivergedError(TrainingError):
    """The loss is no longer a finite number."""


class CollapsedError(TrainingError):
    """The encoder gives every image the same embedding."""


class ExportError(TrainingError):
    """The ONNX graph does not compute what PyTorch computes."""


class AdoptionError(TrainingError):
    """An encoder of others that cannot be adopted, or whose input is not declared."""
