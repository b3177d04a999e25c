import numpy as np
import pytest
from PIL import Image

from tests.fakes import encoded, image_of, photo
from tests.hostile import corpus
from tests.hostile.conftest import MAX_PIXELS
from tests.hostile.server import form, part

CPU_BOUND_S = 1.0
"""A picture of 4 million pixels takes 0.1 s on the slowest machine at hand."""
MEMORY_BOUND = 12 * MAX_PIXELS + 24_000_000
"""9 bytes a pixel while an image is decoded, the file itself, and some change."""


def embedding_of(reply):
    assert reply.status == 200, reply.body
    return reply.json()["embeddings"][0]


def within_bounds(server, data):
    """Send an image, and hold the server to its bounds of memory and time."""
    before, began = server.memory("VmRSS"), server.cpu_s()
    server.forget_peak()
    reply = server.post("/embed", data)
    assert server.cpu_s() - began < CPU_BOUND_S
    assert server.memory("VmHWM") - before < MEMORY_BOUND
    return reply


@pytest.fixture(scope="module")
def plain(server):
    """The right answer to a good request."""
    return embedding_of(server.post("/embed", photo(1)))


@pytest.fixture(autouse=True)
def _the_next_request_is_answered(server, plain):
    yield
    assert embedding_of(server.post("/embed", photo(1))) == plain


@pytest.mark.parametrize("case", [*corpus.BOMBS, *corpus.NO_IMAGES, *corpus.ABSURD], ids=str)
def test_whatever_is_sent_is_answered_as_what_it_is_in_bounded_time_and_memory(server, case):
    reply = within_bounds(server, case.data)
    if case.problem:
        expected = (corpus.IMAGE_PROBLEMS[case.problem], case.problem)
        assert (reply.status, reply.problem) == expected
    else:
        assert np.isfinite(embedding_of(reply)).all()


@pytest.mark.parametrize("case", corpus.SAME_AS_PLAIN, ids=str)
def test_what_stands_around_a_picture_changes_nothing(server, plain, case):
    found = embedding_of(within_bounds(server, case.data))
    np.testing.assert_allclose(found, plain, atol=0.02)  # One of them is a JPEG.


@pytest.mark.parametrize(
    ("file_format", "place", "data"), [pytest.param(*c, id=f"{c[0]} {c[1]}") for c in corpus.cuts()]
)
def test_a_file_that_is_cut_is_refused_unless_all_of_its_picture_is_there(
    server, file_format, place, data
):
    reply = within_bounds(server, data)
    if place == "trailer" and reply.status == 200:
        complete = embedding_of(server.post("/embed", corpus.whole(file_format)))
        np.testing.assert_allclose(embedding_of(reply), complete, atol=0.02)
    else:
        assert corpus.IMAGE_PROBLEMS[reply.problem] == reply.status
        assert reply.problem != "image-too-large"
        if place == "pixels" and file_format not in {"GIF", "WEBP", "TIFF"}:
            assert reply.problem == "broken-image"


@pytest.mark.parametrize("file_format", corpus.FORMATS)
def test_a_file_with_a_turned_bit_is_taken_or_has_an_images_problem(server, file_format):
    answers = {within_bounds(server, data).status for data in corpus.flips(file_format)}
    assert answers <= {200, *corpus.IMAGE_PROBLEMS.values()}
    assert answers != {200}


def test_all_eight_orientations_have_the_same_embedding(server, plain):
    body, content_type = form(*[part("image", data) for data in corpus.orientations()])
    embeddings = server.post("/embed", body, content_type).json()["embeddings"]
    assert len(embeddings) == 8
    np.testing.assert_allclose(embeddings, [plain] * 8, rtol=0, atol=1e-5)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF"])
def test_of_an_animation_the_first_frame_is_embedded(server, file_format):
    data = corpus.animated(file_format)
    still = encoded(corpus.first_frame(data))
    found, expected = (embedding_of(server.post("/embed", d)) for d in (data, still))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_names_and_types_of_a_part_are_not_looked_at(server, plain):
    disposition = b'Content-Disposition: form-data; name="image"; filename="../../x.exe"\r\n'
    body = b"--xyz\r\n" + disposition + b"Content-Type: text/html\r\n\r\n" + photo(1)
    reply = server.post("/embed", body + b"\r\n--xyz--\r\n", "multipart/form-data; boundary=xyz")
    assert embedding_of(reply) == plain


def test_the_last_scans_that_are_taken_are_taken(server):
    data = encoded(Image.new("RGB", (64, 48)), "JPEG", progressive=True)
    more = 100 - data.count(b"\xff\xda")
    assert server.post("/embed", corpus.jpeg_with_scans(more, (64, 48))).status == 200
    assert server.post("/embed", corpus.jpeg_with_scans(more + 1, (64, 48))).status == 413


def test_a_tiled_tiff_of_common_tiles_is_taken(server):
    pixels = np.asarray(image_of(1))
    tile = np.zeros((256, 256), dtype=np.uint8)
    tile[:112, :92] = pixels
    tags = {322: 256, 323: 256, 324: None, 325: tile.size}
    data = corpus.tiff(92, 112, tags, tile.tobytes())
    found = embedding_of(server.post("/embed", data))
    assert found == embedding_of(server.post("/embed", photo(1)))
