import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torch import nn

from model.manifest import Aspect, InputSpec, Metric
from model.preprocessing import preprocess
from tests.fakes import encoded
from tests.training import synthetic
from training.config.schema import TrainingConfig
from training.config.sections import View
from training.export.onnx_graph import check_agreement, to_onnx
from training.serving_graph.multi_view import served_input, with_views

SPEC = InputSpec(width=28, height=35, channels=3, aspect=Aspect.CROP, middle=0.8)
NARROW, WIDE = View(middle=0.7), View(middle=0.9, mirrored=True)


class Directions(nn.Module):
    """Unit embeddings of an image of `SPEC`'s size."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(3 * 35 * 28, 6)

    def forward(self, images):
        return nn.functional.normalize(self.linear(images.flatten(1)), dim=1)


def test_the_input_is_the_widest_view_with_the_pixels_that_the_narrowest_needs():
    served = served_input(SPEC, (NARROW, WIDE))
    assert (served.width, served.height, served.middle) == (36, 45, 0.9)
    assert (served.channels, served.aspect) == (SPEC.channels, SPEC.aspect)
    assert served_input(SPEC, ()) == SPEC


def test_without_views_the_encoder_is_itself():
    encoder = Directions()
    assert with_views(encoder, SPEC, ()) is encoder


def test_the_mean_of_the_views_is_what_the_views_of_the_image_itself_give():
    y, x = np.mgrid[0:400, 0:320] / 400
    colours = [200 * x, 220 * y, 120 + 100 * np.sin(5 * x + 3 * y)]
    data = encoded(Image.fromarray(np.stack(colours, axis=2).astype(np.uint8)))
    encoder = Directions().eval()

    def embedded(module, spec):
        image = preprocess(data, spec).astype(np.float32) / 127.5 - 1
        with torch.no_grad():
            return module(torch.from_numpy(image).permute(2, 0, 1)[None])

    served = served_input(SPEC, (NARROW, WIDE))
    viewed = embedded(with_views(encoder, SPEC, (NARROW, WIDE)), served)
    narrow = embedded(encoder, SPEC.model_copy(update={"middle": 0.7}))

    def mirrored(images):
        return encoder(images.flip(3))

    wide = embedded(mirrored, SPEC.model_copy(update={"middle": 0.9}))
    expected = nn.functional.normalize(narrow + wide, dim=1)
    assert float((viewed * expected).sum()) > 0.999
    assert float((narrow * wide).sum()) < 0.999


def test_the_exported_graph_takes_any_batch_and_agrees():
    encoder = with_views(Directions().eval(), SPEC, (NARROW, WIDE))
    served = served_input(SPEC, (NARROW, WIDE))
    shape = (7, served.height, served.width, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert check_agreement(encoder, to_onnx(encoder, served), images) < 1e-5


def test_views_need_embeddings_of_length_one():
    config = synthetic.config().model_dump() | {"views": [{"middle": 0.7}]}
    with pytest.raises(ValidationError, match="need the metric l2"):
        TrainingConfig.model_validate(config | {"metric": Metric.L1})
