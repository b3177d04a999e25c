"""Running average of an encoder's weights."""

from typing import Any

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class RunningAverage:
    """Exponential moving average of an encoder's weights and buffers, if there is a decay."""

    def __init__(self, encoder: nn.Module, decay: float | None) -> None:
        self._encoder = encoder
        self._model: AveragedModel | None = None
        if decay is not None:
            average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
            self._model = AveragedModel(encoder, multi_avg_fn=average, use_buffers=True)

    def update(self) -> None:
        """Add the encoder's present weights."""
        if self._model is not None:
            self._model.update_parameters(self._encoder)

    @property
    def result(self) -> Any:  # noqa: ANN401 (an encoder or a network of pairs)
        """Averaged encoder, or the encoder itself without a decay."""
        return self._encoder if self._model is None else self._model.module

    @property
    def parts(self) -> dict[str, nn.Module]:
        """Modules of a checkpoint, by name."""
        return {} if self._model is None else {"average": self._model}
