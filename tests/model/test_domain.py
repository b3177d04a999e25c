import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydantic import ValidationError

from model.bundle import MANIFEST_FILE, open_bundle, sha256, write_bundle
from model.domain import Domain, Quadratic, embedding_numbers, reason_unknown
from model.errors import IntegrityError, ManifestError
from model.manifest import DomainCheck, Kind, Manifest
from model.schema.domain import DOMAIN_FILE, ScoreTable
from tests import domains, fakes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle with a domain check; not to be changed."""
    return domains.make_bundle_with_domain(tmp_path_factory.mktemp("domain"))


@pytest.fixture(scope="module")
def bundle(folder):
    return open_bundle(folder)


@pytest.fixture(scope="module")
def domain(bundle):
    return Domain.of(bundle)


@pytest.fixture(scope="module")
def images():
    return domains.ordinary_images(count=20)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).integers(0, 256, (5, 32, 24, 1), dtype=np.uint8)


def embedded(bundle, images):
    return fakes.run_reference(bundle.onnx, images)


def test_a_score_is_a_quadratic_function_of_standardised_numbers():
    rng = np.random.default_rng(0)
    mean, scale, weights, squares = rng.normal(size=(4, 5)).astype(np.float32)
    subtracted, added = (rng.normal(size=(n, 5)).astype(np.float32) for n in (2, 3))
    quadratic = Quadratic(0.7, mean, scale, weights, squares, subtracted, added)
    rows = rng.normal(size=(7, 5)).astype(np.float32)
    rows[0, 0] = 1e6
    expected = []
    for row in rows:
        z = np.clip(scale * (row - mean), -6, 6)
        matrix = np.diag(squares) - subtracted.T @ subtracted + added.T @ added
        expected.append(0.7 + weights @ z + z @ matrix @ z)
    np.testing.assert_allclose(quadratic.scores(rows), expected, rtol=1e-4)


def test_a_percentile_is_the_share_of_calibration_images_with_a_smaller_score(domain, images):
    """The pixels' scores of the calibration images themselves, ranked one by one."""
    calibration = domains.ordinary_images()
    mean, scale = domain._pixels.mean, domain._pixels.scale
    numbers = domain._statistics(np.concatenate([calibration, images]))
    scores = (np.clip((numbers - mean) * scale, -6, 6) ** 2).mean(axis=1, dtype=float)
    known, new = scores[: len(calibration)], scores[len(calibration) :]
    expected = [(known < score - 1e-6).sum() / (len(known) + 1) for score in new]
    np.testing.assert_allclose(domain.percentiles(images), expected, atol=1.01 / (len(known) + 1))


def test_images_embeddings_or_both_decide(domain, bundle, images, noise):
    ordinary, odd = embedded(bundle, images), np.full((5, fakes.DIM), 3, dtype=np.float32)
    for percentiles in (
        domain.percentiles(images, ordinary),
        domain.percentiles(images),
        domain.percentiles(embeddings=ordinary),
    ):
        assert percentiles.dtype == np.float64
        assert ((percentiles >= 0) & (percentiles < 1)).all()
        assert not domain.is_out(percentiles)[percentiles < 0.99].any()
    assert domain.is_out(domain.percentiles(noise)).all()
    assert domain.is_out(domain.percentiles(embeddings=odd)).all()
    assert domain.is_out(domain.percentiles(images[:5], odd)).all()
    assert domain.is_out(domain.percentiles(noise, ordinary[:5])).all()


def test_a_score_that_is_no_number_is_out(domain):
    rows = np.full((2, fakes.DIM), np.nan, dtype=np.float32)
    assert domain.is_out(domain.percentiles(embeddings=rows)).all()


def test_threads_and_batches_change_nothing(domain, bundle, images):
    embeddings = embedded(bundle, images)
    together = domain.percentiles(images, embeddings)
    with ThreadPoolExecutor(4) as pool:
        alone = pool.map(
            lambda i: domain.percentiles(images[i : i + 1], embeddings[i : i + 1]),
            range(len(images)),
        )
    # These are images of the calibration, whose own rank rounding decides.
    np.testing.assert_allclose(np.concatenate(list(alone)), together, atol=1.01 / 201)


def test_codes_are_judged_by_their_bits(tmp_path, images, noise):
    bundle = open_bundle(domains.make_bundle_with_domain(tmp_path, "codes", Kind.CODES))
    codes, domain = embedded(bundle, images), Domain.of(bundle)
    np.testing.assert_array_equal(
        embedding_numbers(codes, Kind.CODES)[0],
        [int(bit) for byte in codes[0] for bit in f"{byte:08b}"],
    )
    assert domain.is_out(domain.percentiles(images, codes)).mean() <= 0.1
    assert domain.is_out(domain.percentiles(noise, embedded(bundle, noise))).all()


def test_a_pair_model_is_judged_by_its_pixels(tmp_path, images, noise):
    domain = Domain.of(open_bundle(domains.make_bundle_with_domain(tmp_path, "pair", Kind.PAIR)))
    assert domain.is_out(domain.percentiles(noise)).all()
    with pytest.raises(ValueError, match="no embeddings"):
        domain.percentiles(images, np.zeros((20, 8), dtype=np.float32))
    with pytest.raises(ValueError, match="needs images or embeddings"):
        domain.percentiles()


def test_a_bundle_without_a_check_says_why(tmp_path):
    old = open_bundle(fakes.make_bundle(tmp_path, schema_version=1))
    assert Domain.of(old) is None
    assert "schema version 1" in reason_unknown(old.manifest)
    small = old.manifest.model_copy(update={"schema_version": 2})
    assert "400 images of 40 identities, too few" in reason_unknown(small)


def test_schema_version_1_has_no_domain_check(bundle):
    with pytest.raises(ValidationError, match="version 1 has no domain check"):
        Manifest.model_validate({**bundle.manifest.model_dump(), "schema_version": 1})


def changed(bundle, **fields):
    check = {**bundle.manifest.domain.model_dump(), **fields}
    return Manifest.model_validate({**bundle.manifest.model_dump(), "domain": check})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"bytes": 8}, "size of the domain check's file"),
        ({"both": None}, "table of both parts"),
        ({"embedding": None, "both": None}, "size of the domain check's file"),
        ({"images": 7}, "counts all calibration images"),
        ({"file": "../../etc/passwd"}, "domain.bin"),
        ({"false_flag_rate": 2}, "less than or equal"),
    ],
    ids=str,
)
def test_a_check_that_contradicts_itself_is_refused(bundle, fields, reason):
    with pytest.raises(ValidationError, match=reason):
        changed(bundle, **fields)


def test_a_check_of_other_numbers_than_the_models_is_refused(bundle):
    manifest = bundle.manifest
    for fields in (
        {"kind": "codes", "metric": "hamming"},
        {
            "kind": "encoder",
            "embedding_dim": 4,
            "golden": {"embedding": [1, 2, 3, 4], "tolerance": 1e-3},
        },
    ):
        document = json.loads(manifest.model_dump_json())
        document["input"] |= fields.pop("input", {})
        with pytest.raises(ValidationError, match="the domain check is of"):
            Manifest.model_validate(document | fields)


def test_a_table_rises():
    assert ScoreTable(scores=(1.0, 2.0), counts=(1, 3)).counts == (1, 3)
    for scores, counts in [((2.0, 1.0), (1, 2)), ((1.0, 2.0), (2, 2)), ((1.0,), (1, 2))]:
        with pytest.raises(ValidationError):
            ScoreTable(scores=scores, counts=counts)


@pytest.fixture
def copy(bundle, tmp_path):
    """The bundle again, to be damaged."""
    data = bundle.domain.tobytes()
    write_bundle(tmp_path / "tiny", bundle.manifest, bundle.onnx, domain=data)
    return tmp_path / "tiny"


def rewritten(folder, data):
    """Put other numbers into a bundle, with their right hash and size."""
    document = json.loads((folder / MANIFEST_FILE).read_text())
    document["domain"] |= {"sha256": sha256(data), "bytes": len(data)}
    (folder / MANIFEST_FILE).write_text(json.dumps(document))
    (folder / DOMAIN_FILE).write_bytes(data)


def test_an_altered_or_missing_file_is_refused(copy, bundle):
    data = bytearray(bundle.domain.tobytes())
    data[9] ^= 1
    (copy / DOMAIN_FILE).write_bytes(data)
    with pytest.raises(IntegrityError, match="hash differs"):
        open_bundle(copy)
    (copy / DOMAIN_FILE).unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        open_bundle(copy)


def test_a_file_of_another_size_or_with_a_nan_is_refused(copy, bundle):
    numbers = bundle.domain.copy()
    rewritten(copy, numbers[:-1].tobytes())
    with pytest.raises(ManifestError, match="size of the domain check's file"):
        open_bundle(copy)
    numbers[3] = np.nan
    rewritten(copy, numbers.tobytes())
    with pytest.raises(IntegrityError, match="not finite"):
        open_bundle(copy)


def test_a_bundle_is_not_written_with_other_numbers_than_stated(bundle, tmp_path):
    for data in (None, bundle.domain[::-1].tobytes()):
        with pytest.raises(IntegrityError, match="domain check"):
            write_bundle(tmp_path / "new", bundle.manifest, bundle.onnx, domain=data)


def test_the_stated_rate_is_1_percent(bundle):
    assert DomainCheck.model_fields["false_flag_rate"].default == 0.01
    assert bundle.manifest.domain.false_flag_rate == 0.01
