import contextlib

import numpy as np
import pytest

from app.batching.batch_runner import BatchRunner, EncodeJob
from app.batching.image_input import ImageFile
from app.batching.job import Failed
from app.catalog.catalog import ServedModel
from app.errors import ClientGoneError, EncodingError
from app.settings import Provider
from app.telemetry.exposition import exposition
from app.telemetry.recorder import Recorder
from app.telemetry.telemetry import Telemetry
from app.worker.service import load_model
from model.bundle import open_bundle
from model.errors import BrokenImageError, UnsupportedImageError
from model.preprocessing import ImageLimits, preprocess
from tests import fakes


class Noting:
    """An encoder that answers with the images' first pixels, and notes how many came at a time.

    An image whose first pixel is `poison` makes it refuse the whole batch.
    """

    provider = "CPU"

    def __init__(self, poison=None):
        self.runs, self.poison = [], poison

    def embed(self, images):
        self.runs.append(len(images))
        if self.poison is not None and (images[:, 0, 0, 0] == self.poison).any():
            raise EncodingError("no finite embedding")
        return images.reshape(len(images), -1)[:, : fakes.DIM].astype(np.float32)


def model(encoder):
    return ServedModel(fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM), encoder)


def job(served, *images):
    files = tuple(ImageFile(f"image[{n}]", image) for n, image in enumerate(images))
    return EncodeJob(served, files, ImageLimits(), lambda encoded: encoded.embeddings.tolist())


def expected(*images):
    tensor = np.stack([preprocess(image, fakes.SPEC) for image in images])
    return tensor.reshape(len(images), -1)[:, : fakes.DIM].tolist()


def photo(n):
    return fakes.photo(n)


def never():
    return False


def ran(most, jobs):
    """The outcomes of jobs that are not cancelled."""
    return BatchRunner(most).run(jobs, [never] * len(jobs))


def test_the_images_of_several_jobs_are_encoded_in_one_run_and_each_gets_its_own():
    encoder = Noting()
    served = model(encoder)
    jobs = [job(served, photo(1)), job(served, photo(2), photo(3)), job(served, photo(4))]
    outcomes = ran(8, jobs)
    assert encoder.runs == [4]
    assert outcomes == [expected(photo(1)), expected(photo(2), photo(3)), expected(photo(4))]


def test_no_run_takes_more_images_than_the_cap():
    encoder = Noting()
    served = model(encoder)
    images = [photo(n) for n in range(7)]
    [outcome] = ran(3, [job(served, *images)])
    assert encoder.runs == [3, 3, 1]
    assert outcome == expected(*images)


def test_each_model_has_a_run_of_its_own_and_a_call_is_just_made():
    first, second = Noting(), Noting()
    a, b = model(first), model(second)
    outcomes = ran(8, [job(a, photo(1)), lambda: "called", job(b, photo(2)), job(a, photo(3))])
    assert (first.runs, second.runs) == ([2], [1])
    assert outcomes[1] == "called"
    assert outcomes[0] == expected(photo(1))
    assert outcomes[2:] == [expected(photo(2)), expected(photo(3))]


def test_an_image_that_cannot_be_decoded_fails_its_own_job_and_the_error_names_it():
    encoder = Noting()
    served = model(encoder)
    jobs = [
        job(served, photo(1)),
        job(served, photo(2), photo(2)[:200]),
        job(served, b"no image"),
        job(served, photo(3)),
    ]
    good, cut, unknown, last = ran(8, jobs)
    assert encoder.runs == [2]
    assert (good, last) == (expected(photo(1)), expected(photo(3)))
    assert isinstance(cut.error, BrokenImageError)
    assert str(cut.error).startswith("image[1]: ")
    assert isinstance(unknown.error, UnsupportedImageError)


@pytest.mark.parametrize("place", range(3))
def test_an_image_that_the_encoder_refuses_fails_its_own_job_only(place):
    pixels = [int(preprocess(photo(n), fakes.SPEC)[0, 0, 0]) for n in range(3)]
    assert len(set(pixels)) == 3
    served = model(Noting(poison=pixels[place]))
    outcomes = ran(8, [job(served, photo(n)) for n in range(3)])
    failed = outcomes.pop(place)
    assert isinstance(failed.error, EncodingError)
    assert outcomes == [expected(photo(n)) for n in range(3) if n != place]


def test_an_answer_that_cannot_be_made_fails_its_own_job():
    served = model(Noting())

    def refuse(*_):
        raise ZeroDivisionError

    bad = EncodeJob(served, (ImageFile("image1", photo(1)),), ImageLimits(), refuse)
    failed, good = ran(8, [bad, job(served, photo(2))])
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ZeroDivisionError)
    assert good == expected(photo(2))


def test_a_job_weighs_its_images_and_a_call_a_whole_batch():
    runner = BatchRunner(8)
    assert runner.size_of(job(model(Noting()), photo(1), photo(2))) == 2
    assert runner.size_of(lambda: None) == 8


def test_a_batch_gives_what_each_of_its_jobs_gives_alone(models_dir):
    served = load_model(open_bundle(models_dir / "tiny"), Provider.CPU)
    jobs = [job(served, *(photo(7 * n + k) for k in range(n % 3 + 1))) for n in range(6)]
    together = ran(16, jobs)
    for one, outcome in zip(jobs, together, strict=True):
        [alone] = ran(16, [one])
        np.testing.assert_allclose(outcome, alone, atol=1e-5)


def test_each_run_of_a_model_is_told_with_its_images_and_each_job_with_its_decoding(tmp_path):
    served = model(Noting())
    recorder = Recorder(tmp_path)
    runner = BatchRunner(4, Telemetry(recorder))
    photos = [fakes.photo(n) for n in range(5)]
    with contextlib.closing(recorder):
        runner.run([job(served, *photos[:3]), job(served, *photos[3:])], [never] * 2)
    text = exposition(tmp_path, recorder.baselines).decode()
    assert "likewise_batch_images_count 2.0" in text  # five images, at most four a run
    assert "likewise_batch_images_sum 5.0" in text
    assert "likewise_inference_seconds_count 2.0" in text
    assert "likewise_decode_seconds_count 2.0" in text


def test_no_further_image_is_decoded_for_a_caller_who_has_gone(monkeypatch):
    decoded, encoder = [], Noting()
    served = model(encoder)
    monkeypatch.setattr(
        "app.batching.image_input.preprocess",
        lambda data, *rest: decoded.append(data) or preprocess(data, *rest),
    )
    photos = [photo(n) for n in range(5)]

    def once_two_are_decoded():
        return len(decoded) >= 2

    gone, stays = BatchRunner(8).run(
        [job(served, *photos[:4]), job(served, photos[4])], [once_two_are_decoded, never]
    )
    assert isinstance(gone.error, ClientGoneError)
    assert stays == expected(photos[4])
    assert decoded == [photos[0], photos[1], photos[4]]
    assert encoder.runs == [1]
