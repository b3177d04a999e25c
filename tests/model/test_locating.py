import math

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from scipy import ndimage

from model.bundle import open_bundle, sha256, write_bundle
from model.errors import (
    ImageTooLargeError,
    IntegrityError,
    LandmarksError,
    ManifestError,
    NothingLocatedError,
    SelfCheckError,
    SeveralLocatedError,
)
from model.golden import check_golden_candidates, golden_picture
from model.image_files.fitting import fit
from model.locating.cutting import FILL, cut
from model.locating.locator import Locator, Pick
from model.locating.squares import Located, similarity_of
from model.manifest import Aspect, InputSpec, Resample
from model.preprocessing import ImageLimits, preprocess_located
from model.schema.locator import Acquisition
from tests import fakes, locators
from tests.locators import TEMPLATE, mark, picture
from tests.model.test_decoding_cost import peaks, written

SPEC = InputSpec(width=48, height=48, channels=3, aspect=Aspect.CROP)


@pytest.fixture(scope="module")
def located_graph():
    return locators.locator_graph()


@pytest.fixture(scope="module")
def find(located_graph):
    session = onnxruntime.InferenceSession(located_graph, providers=["CPUExecutionProvider"])
    return lambda pictures: session.run(None, {"image": pictures})[0]


@pytest.fixture(scope="module")
def locator(located_graph, find):
    return Locator(locators.make_spec(located_graph), find)


def near(one, other, pixels):
    return all(
        abs(getattr(one, name) - getattr(other, name)) <= pixels for name in ("x", "y", "u", "v")
    )


@pytest.mark.parametrize("size", [(160, 120), (90, 300), (640, 480), (40, 40)])
@pytest.mark.parametrize("degrees", [0, 40, -150])
def test_a_mark_is_found_where_it_is_in_a_picture_of_any_size(locator, size, degrees):
    side = min(size)
    true = mark(0.45 * size[0], 0.55 * size[1], 0.2 * side, degrees)
    found = locator.find(picture(size, true))
    assert near(found.located, true, 0.02 * max(size))
    assert found.others == 0
    assert found.located.score == pytest.approx(1, abs=0.5)


def test_the_graph_sees_the_pyramid_padded_with_grey(located_graph):
    seen = []

    def find(pictures):
        seen.append(pictures)
        return np.zeros((1, 8, 5), np.float32)

    spec = locators.make_spec(located_graph, sides=(64, 320))
    Locator(spec, find).locate(Image.new("RGB", (500, 200), (10, 20, 30)))
    assert [each.shape for each in seen] == [(1, 32, 64, 3), (1, 128, 320, 3)]
    small = seen[0][0]
    assert (small[26:] == FILL).all()
    assert (small[:26] == (10, 20, 30)).all()


def test_one_thing_found_on_several_levels_is_one_thing_and_two_are_two(locator):
    two = mark(60, 60, 25), mark(180, 70, 35)
    located = locator.locate(picture((240, 140), *two))
    assert len(located) == 2
    assert {each.x > 120 for each in located} == {True, False}


def test_of_several_none_is_taken_unless_a_rule_says_which(locator):
    two = mark(150, 80, 20), mark(260, 80, 45)
    crowd = picture((320, 160), *two)
    with pytest.raises(SeveralLocatedError, match="2 things"):
        locator.find(crowd)
    largest, central = (locator.find(crowd, pick) for pick in (Pick.LARGEST, Pick.CENTRAL))
    assert (largest.others, central.others) == (1, 1)
    assert near(largest.located, two[1], 3)
    assert near(central.located, two[0], 3)


def test_where_nothing_is_located_nothing_is_taken(locator):
    for pick in Pick:
        with pytest.raises(NothingLocatedError):
            locator.find(picture((100, 80)), pick)


def test_a_candidate_that_is_no_square_is_none(located_graph):
    rows = np.zeros((1, 8, 5), np.float32)
    rows[0, :4] = [
        (1, 10, 10, 0.1, 0),
        (1, 10, 10, 1e9, 0),
        (1, np.nan, 10, 9, 0),
        (1, 10, 10, np.inf, 0),
    ]
    locator = Locator(locators.make_spec(located_graph), lambda _: rows)
    assert locator.locate(Image.new("RGB", (50, 50))) == ()


def test_refining_looks_again_in_the_upright_crop_and_is_nearer(located_graph, find):
    true = mark(400.3, 310.7, 33, 25)
    shown = picture((800, 600), true)
    coarse = Locator(locators.make_spec(located_graph, sides=(96,), threshold=0.1), find)
    fine = Locator(
        locators.make_spec(located_graph, sides=(96,), threshold=0.1, refine_side=128), find
    )
    errors = [
        math.hypot(each.located.x - true.x, each.located.y - true.y)
        + math.hypot(each.located.u - true.u, each.located.v - true.v)
        for each in (coarse.find(shown), fine.find(shown))
    ]
    assert errors[1] < 1 < errors[0]


def umeyama(points, template):
    """Umeyama (1991), equations 38 to 43, by singular values, without reflection."""
    source, target = np.array(template), np.array(points)
    centred, moved = source - source.mean(axis=0), target - target.mean(axis=0)
    u, d, vt = np.linalg.svd(moved.T @ centred / len(source))
    s = np.diag([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ s @ vt
    scale = np.trace(np.diag(d) @ s) / centred.var(axis=0).sum()
    return scale * rotation, target.mean(axis=0) - scale * rotation @ source.mean(axis=0)


def test_the_square_of_landmarks_is_umeyamas_least_squares():
    rng = np.random.default_rng(3)
    for turn in (0, 0.4, 3.0):
        exact = np.array(mark(200, 150, 60, math.degrees(turn)).points(TEMPLATE))
        points = exact + rng.normal(0, 4, exact.shape)
        square = similarity_of([tuple(point) for point in points.tolist()], TEMPLATE)
        linear, shift = umeyama(points, TEMPLATE)
        for share in ((0, 0), (1, 0), (0.5, 0.5), (0.2, 0.9)):
            assert square.at(share) == pytest.approx(tuple(linear @ share + shift), abs=1e-9)


def test_landmarks_without_the_shape_of_the_template_are_refused():
    right = mark(100, 100, 40, 10).points(TEMPLATE)
    assert similarity_of(right, TEMPLATE).half_side == pytest.approx(40)
    mirrored = tuple((-x, y) for x, y in right)
    with pytest.raises(LandmarksError, match="left of the picture comes first"):
        similarity_of(mirrored, TEMPLATE)
    with pytest.raises(LandmarksError, match="too close"):
        similarity_of([(5, 5)] * 5, TEMPLATE)
    with pytest.raises(LandmarksError, match="4 landmarks; send 5"):
        similarity_of(right[:4], TEMPLATE)


@pytest.mark.parametrize("bad", [(math.nan, 5), (math.inf, 5), (-101, 5), (5, 161)])
def test_a_landmark_far_outside_the_picture_is_refused(locator, bad):
    points = (bad, *mark(50, 40, 20).points(TEMPLATE)[1:])
    with pytest.raises(LandmarksError, match="far outside"):
        locator.find(Image.new("RGB", (100, 80)), points)


def test_landmarks_cut_the_crop_that_the_locator_would_cut(located_graph, locator):
    true = mark(90, 60, 30, -20)
    shown = picture((160, 120), true)
    by_points = locator.find(shown, true.points(TEMPLATE))
    assert near(by_points.located, true, 1e-9)
    assert by_points.others is None
    bare = Locator(locators.make_spec(located_graph, template=None), lambda _: None)
    with pytest.raises(LandmarksError, match="no landmarks"):
        bare.find(shown, true.points(TEMPLATE))


def smooth(size):
    """A picture of slow waves, and the same waves as functions of the place."""
    waves = ((0.021, 0.013), (0.017, -0.024), (-0.011, 0.028))
    y, x = np.mgrid[: size[1], : size[0]] + 0.5

    def at(x, y):
        return np.stack([128 + 90 * np.sin(a * x + b * y) for a, b in waves], axis=-1)

    return Image.fromarray(at(x, y).round().astype(np.uint8)), at


@pytest.mark.parametrize("half_side", [12.0, 40.0, 90.0, 190.0])
@pytest.mark.parametrize("shape", [(40, 40), (32, 48)])
def test_a_crop_samples_the_picture_at_the_turned_places(half_side, shape):
    shown, at = smooth((500, 480))
    square = mark(260, 240, half_side, 30)
    crop = np.asarray(cut(shown, square, shape, Resample.BILINEAR), dtype=float)
    width, height = shape
    down, right = np.mgrid[:height, :width] + 0.5
    along, across = 2 * right / width - 1, (2 * down - height) / width
    x = square.x + along * square.u - across * square.v
    y = square.y + along * square.v + across * square.u
    inside = (x > 20) & (x < 480) & (y > 20) & (y < 460)
    assert inside.mean() > 0.5
    assert abs(crop - at(x, y))[inside].max() < 6


def test_an_upright_crop_is_that_of_a_resize():
    shown, _ = smooth((300, 300))
    spec = InputSpec(width=100, height=100, channels=3, aspect=Aspect.CROP)
    crop = cut(shown, mark(150, 150, 150), (100, 100), Resample.BILINEAR)
    apart = np.abs(np.asarray(crop, float) - np.asarray(fit(shown, spec), float))
    assert apart[2:-2, 2:-2].max() < 3


def test_a_crop_is_antialiased():
    fine = np.indices((400, 400)).sum(axis=0) % 2 * 255
    shown = Image.fromarray(fine.astype(np.uint8))
    crop = np.asarray(cut(shown, mark(200, 200, 180, 20), (30, 30), Resample.BILINEAR), float)
    assert abs(crop - 127.5).max() < 8
    point_sampled = ndimage.map_coordinates(fine, np.mgrid[20:380:12, 20:380:12], order=0)
    assert abs(point_sampled - 127.5).max() > 100


def test_what_lies_outside_the_picture_is_mid_grey():
    shown = Image.new("RGB", (60, 60), (255, 0, 0))
    for half_side in (30, 300):
        crop = np.asarray(cut(shown, mark(60, 30, half_side), (20, 20), Resample.BILINEAR))
        assert (crop[:, 12:] == FILL).all()
    far = cut(shown, mark(-900, 30, 300), (20, 20), Resample.BILINEAR)
    assert (np.asarray(far) == FILL).all()


def test_a_crop_may_be_framed_otherwise_than_what_was_located():
    square = mark(100, 100, 40, 90)
    framed = square.framed(1.5, (0.25, 0))
    assert near(framed, mark(100, 120, 60, 90), 1e-9)


def test_the_encoder_sees_the_located_crop(locator):
    true = mark(110, 80, 40, 15)
    pixels, found = preprocess_located(locators.file_of(picture((220, 160), true)), SPEC, locator)
    assert near(found.located, true, 2)
    assert pixels.shape == (48, 48, 3)
    assert abs(pixels[4:-4, 2:20].mean(axis=(0, 1)) - (255, 0, 0)).max() < 8
    assert abs(pixels[4:-4, 28:46].mean(axis=(0, 1)) - (0, 255, 0)).max() < 8
    grey = SPEC.model_copy(update={"channels": 1, "middle": 0.5})
    one, _ = preprocess_located(locators.file_of(picture((220, 160), true)), grey, locator)
    assert one.shape == (48, 48, 1)
    assert one[24, 4] == pytest.approx(76, abs=8)


def test_a_photograph_is_decoded_smaller_and_answered_in_its_own_pixels(locator):
    true = mark(1500, 1100, 500, -30)
    shown = picture((3000, 2400), true)
    exif = shown.getexif()
    exif[0x0112] = 6  # The camera was turned: upright is a quarter turn clockwise.
    file = locators.file_of(shown, "JPEG", quality=90, exif=exif)
    held = []

    def hold(cost):
        held.append(cost)
        return ImageLimits().hold(cost)

    _, found = preprocess_located(file, SPEC, locator, limits=ImageLimits(hold=hold))
    turned = Located(None, 2400 - true.y, true.x, -true.v, true.u)
    assert near(found.located, turned, 30)
    # At half its sides: a quarter of the memory of the canvas, once more turned.
    assert 2 * 4 * 1500 * 1200 < held[0] < 3000 * 2400 * 4 + 30_000_000
    points = turned.points(TEMPLATE)
    _, by_points = preprocess_located(file, SPEC, locator, points)
    assert near(by_points.located, turned, 1e-6)


def test_the_memory_of_the_picture_is_held_while_it_is_located(located_graph):
    held, during = [], []

    class Hold:
        def __enter__(self):
            held.append(self)

        def __exit__(self, *_):
            held.clear()

    def find(pictures):
        during.append(len(held))
        return np.zeros((len(pictures), 8, 5), np.float32)

    locator = Locator(locators.make_spec(located_graph), find)
    with pytest.raises(NothingLocatedError):
        preprocess_located(fakes.photo(0), SPEC, locator, limits=ImageLimits(hold=lambda _: Hold()))
    assert during == [1, 1]
    assert held == []


def test_a_picture_without_memory_is_refused_before_it_is_decoded(locator):
    def hold(cost):
        raise ImageTooLargeError(str(cost))

    with pytest.raises(ImageTooLargeError):
        preprocess_located(fakes.photo(0), SPEC, locator, limits=ImageLimits(hold=hold))


@pytest.mark.timeout(600)
def test_locating_takes_no_more_memory_than_its_computed_cost(tmp_path):
    makers = {
        "large": lambda: fakes.encoded(Image.new("RGB", (3000, 2900), (9, 9, 9))),
        "below the gap": lambda: fakes.encoded(Image.new("RGB", (4090, 1500), (9, 9, 9))),
        "photograph": lambda: fakes.encoded(Image.new("RGB", (4200, 4100)), "JPEG"),
    }
    found = peaks(written(tmp_path, makers), "located")
    assert [each["error"] for each in found.values()] == [None] * len(found)
    beyond = {name: each for name, each in found.items() if each["peak"] > each["cost"]}
    assert not beyond
    assert max(each["peak"] for each in found.values()) > 4 * 3000 * 2900


def test_the_golden_picture_is_its_formula():
    shown = golden_picture()
    assert (shown.shape, shown.dtype) == ((96, 128, 3), np.uint8)
    for y in range(0, 96, 7):
        for x in range(128):
            grey = 64 + (x + y) // 4
            if 4 * (x - 72) ** 2 + 3 * (y - 48) ** 2 <= 4800:
                grey = 200
            eye = min((x - 62) ** 2, (x - 82) ** 2) + (y - 38) ** 2 <= 25
            if eye or (abs(x - 72) <= 10 and abs(y - 66) <= 2):
                grey = 40
            assert shown[y, x].tolist() == [grey, grey - 12, grey - 24]


def test_the_self_check_passes_the_promised_graph_alone(located_graph, find):
    golden = locators.make_spec(located_graph).golden
    assert golden.candidates[0][0] == pytest.approx(0.4, abs=1e-3)
    check_golden_candidates(golden, find)
    for altered, reason in [
        (lambda p: find(p)[:, ::-1] * np.float32(1), None),
        (lambda p: find(p) + np.float32([0, 1, 0, 0, 0]), "off by"),
        (lambda p: find(p)[:, :7], "shape"),
        (lambda p: find(p) * np.float32(np.nan), "not finite"),
    ]:
        if reason is None:
            check_golden_candidates(golden, altered)
        else:
            with pytest.raises(SelfCheckError, match=reason):
                check_golden_candidates(golden, altered)


def test_a_bundle_holds_its_locator(tmp_path, graph, located_graph):
    bundle = fakes.make_bundle(tmp_path)
    assert open_bundle(bundle).locator is None
    locators.with_locator(bundle)
    opened = open_bundle(bundle)
    assert opened.locator == located_graph
    assert opened.manifest.locator.sha256 == sha256(located_graph)
    (bundle / "locator.onnx").write_bytes(located_graph[:-1] + b"x")
    with pytest.raises(IntegrityError, match=r"locator\.onnx.*hash differs"):
        open_bundle(bundle)
    (bundle / "locator.onnx").unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        open_bundle(bundle)
    with pytest.raises(IntegrityError, match="the locator is not the one"):
        write_bundle(tmp_path / "other", opened.manifest, graph)


def test_a_manifest_of_version_1_has_no_locator(tmp_path, located_graph):
    spec = locators.make_spec(located_graph)
    with pytest.raises(ValueError, match="version 1 has no locator"):
        fakes.make_manifest(fakes.encoder_graph(), schema_version=1, locator=spec)
    bundle = locators.with_locator(fakes.make_bundle(tmp_path))
    text = (bundle / "manifest.json").read_text().replace('"locator.onnx"', '"../x.onnx"')
    (bundle / "manifest.json").write_text(text)
    with pytest.raises(ManifestError, match=r"locator\.file"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sides": (128, 64)}, "must rise"),
        ({"sides": (100,)}, "multiples of 32"),
        ({"refine_side": 2048}, "at most 1024"),
        ({"template": (TEMPLATE[0],) * 5}, "different points"),
        ({"shift": (0, 2)}, "at most its side"),
    ],
)
def test_a_locator_that_cannot_be_run_is_refused(located_graph, change, fault):
    with pytest.raises(ValueError, match=fault):
        locators.make_spec(located_graph, **change)


def test_the_failure_rate_counts_both_failures():
    assert Acquisition(images=200, nothing=3, several=1).failure_rate == 0.02
    with pytest.raises(ValueError, match="more images"):
        Acquisition(images=3, nothing=2, several=2)
