import base64
import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api.bodies.base64_images import JsonImage, JsonImages
from app.api.bodies.json_body import MAX_OUTLINE_BYTES, PIECE_BYTES, JsonReader
from app.api.bodies.json_vectors import JsonGallery, JsonProbe, VectorLimits
from app.errors import (
    BodyTooLargeError,
    ParameterError,
    RequestError,
    UnreadableBodyError,
)
from model.errors import ImageTooLargeError, VectorError

LIMITS = VectorLimits(rows=1000, values=4000, width=8)


def pieces_of(body, cuts):
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def parsed(outline):
    try:
        return json.loads(outline)
    except ValueError as error:
        raise UnreadableBodyError(str(error)) from error


def read_pair(pieces, max_bytes=10_000):
    """Outline and images of a body of /verify."""
    images = {name: JsonImage(name, max_bytes) for name in ("image1", "image2")}
    reader = JsonReader(images, 16)
    for piece in pieces:
        reader.feed(piece)
    outline = reader.close()
    for name in images:
        reader.check_met(name)
    return parsed(outline), [image.close().data for image in images.values()]


def read_vectors(pieces, limits=LIMITS):
    """Outline, probe and gallery of a body of /compare."""
    probe, gallery = JsonProbe(limits), JsonGallery(limits, lambda _: None)
    reader = JsonReader({"probe": probe, "gallery": gallery}, 16)
    for piece in pieces:
        reader.feed(piece)
    return parsed(reader.close()), probe.rows, np.concatenate(gallery.close())


def outcome(call, *arguments):
    """What a call returns or raises, to be compared."""
    try:
        return call(*arguments)
    except (RequestError, VectorError, ImageTooLargeError) as error:
        return type(error), str(error)


blanks = st.text(" \t\r\n", max_size=3)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-300, 300)
rows = st.integers(1, 8).flatmap(
    lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1)
)


@given(st.binary(max_size=90), st.binary(max_size=90), blanks, st.lists(st.integers(0, 400)))
def test_images_are_those_of_the_body_wherever_it_is_cut(one, other, blank, cuts):
    texts = [base64.b64encode(data).decode() for data in (one, other)]
    escaped = texts[0].replace("/", "\\/").replace("+", "\\u002b").replace("=", "\\u003D")
    body = (
        f'{{{blank}"image1"{blank}:{blank}"{escaped}"{blank},"fmr":0.5,'
        f'"image2":"{base64.encodebytes(other).decode()!r}"}}'.replace("'", "")
    ).encode()
    outline, images = read_pair(pieces_of(body, cuts))
    assert outline == {"image1": "", "fmr": 0.5, "image2": ""}
    assert images == [one, other]


@given(rows, blanks, st.lists(st.integers(0, 900)))
def test_vectors_are_those_of_the_body_wherever_it_is_cut(vectors, blank, cuts):
    probe, text = vectors[0], json.dumps({"gallery": vectors, "probe": vectors[0], "fmr": 0.5})
    for sign in "[],:":
        text = text.replace(sign, f"{blank}{sign}{blank}")
    outline, row, gallery = read_vectors(pieces_of(text.encode(), cuts))
    assert outline == {"gallery": [], "probe": [], "fmr": 0.5}
    np.testing.assert_array_equal(row, np.array([probe], dtype=np.float64))
    np.testing.assert_array_equal(gallery, np.array(vectors, dtype=np.float64))


@given(st.text('[]{}",:1 \\an\n', max_size=60), st.lists(st.integers(0, 90)))
def test_noise_has_one_outcome_wherever_it_is_cut_unless_it_is_refused(noise, cuts):
    """A piece more may be needed to see what is wrong, and another reason may come first."""
    for head, read in ((b'{"probe":[', read_vectors), (b'{"gallery":[', read_vectors)):
        body = head + noise.encode()
        whole = outcome(lambda body=body, read=read: str(read([body])))
        cut = outcome(lambda body=body, read=read: str(read(pieces_of(body, cuts))))
        assert isinstance(whole, str) == isinstance(cut, str), (whole, cut)
        if isinstance(whole, str):
            assert whole == cut
            gallery = np.array(json.loads(body)["gallery"], dtype=np.float64)
            np.testing.assert_array_equal(read([body])[2], gallery)


@example("0000=", [])
@example("0000====", [])
@example("0000====", [15])
@given(st.text('"\\/AQ=+u0041\n é', max_size=40), st.lists(st.integers(0, 90)))
def test_a_text_of_noise_is_what_json_and_base64_say(noise, cuts):
    body = f'{{"image1":"{noise}","image2":""}}'.encode()
    found = outcome(lambda: read_pair(pieces_of(body, cuts))[1][0])
    try:
        text = json.loads(body)["image1"]
        for blank in " \t\r\n":
            text = text.replace(blank, "")
        missing = "=" * (-len(text) % 4)
        expected = base64.b64decode((text + missing).encode("ascii"), validate=True)
        data = text.rstrip("=")
        is_cut = base64.b64encode(expected).decode().rstrip("=") != data
        is_over = len(text) - len(data) > -len(data) % 4
    except ValueError:
        assert isinstance(found, tuple)
        assert found[0] in {UnreadableBodyError, ParameterError}
    else:
        is_refused = is_over or (missing and is_cut)
        assert isinstance(found, tuple) if is_refused else found == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"gallery":[[1],[2],' + b"[3]" * 2 + b"]}",
        b'{"gallery":[[1],]}',
        b'{"gallery":[[1]',
        b'{"gallery":[[1,2]',
        b'{"gallery":[[1] [2]]}',
        b'{"gallery":[[1],,[2]]}',
        b'{"probe":[1,],"gallery":[[1]]}',
        b'{"probe":[1 2],"gallery":[[1]]}',
    ],
)
def test_a_list_that_is_no_json_is_refused(body):
    with pytest.raises((UnreadableBodyError, VectorError)):
        read_vectors([body])


@pytest.mark.parametrize("value", ["true", '"1"', "null", "NaN", "1e999", "[1]", "{}"])
def test_what_is_not_a_finite_number_is_named_by_its_row(value):
    body = f'{{"probe":[1],"gallery":[[1],[2],[{value}]]}}'.encode()
    for cut in range(len(body)):
        with pytest.raises(VectorError, match="gallery row 2") as raised:
            read_vectors([body[:cut], body[cut:]])
        assert raised.value.row == 2


def test_rows_of_different_lengths_are_named():
    with pytest.raises(VectorError, match="row 2 has 1 numbers, the first one 2"):
        read_vectors([b'{"gallery":[[1,2],[3,4],', b"[5],[6,7]]}"])
    with pytest.raises(VectorError, match="row 0 has 0 numbers"):
        read_vectors([b'{"gallery":[[],[1]]}'])


@pytest.mark.parametrize("name", ["image1", "image2"])
def test_an_image_that_is_there_twice_is_refused(name):
    with pytest.raises(ParameterError, match=f"{name}: is there twice"):
        read_pair([f'{{"image1":"QUJD","image2":"QUJD","{name}":"QUJD"}}'.encode()])


def test_a_name_that_is_written_with_escapes_is_told_to_change():
    with pytest.raises(ParameterError, match='begin this member with "image2"'):
        read_pair([b'{"image1":"QUJD","im\\u0061ge2":"QUJD"}'])


def test_a_name_inside_of_a_text_or_another_name_is_none():
    body = b'{"x":"\\"image1\\":\\"QUJD", "y\\"image1": "QUJD", "image1": "AAAA"}'
    with pytest.raises(ParameterError, match="twice"):
        read_pair([body])
    outline, _ = read_pair([b'{"model":"image1","image1":"","image2":""}'])
    assert outline["model"] == "image1"


ENDLESS = {
    "blanks": (read_vectors, b"{", b" "),
    "brackets": (read_vectors, b"", b"["),
    "nested": (read_vectors, b'{"gallery":[', b"["),
    "one row": (read_vectors, b'{"gallery":[[', b"1,"),
    "probe": (read_vectors, b'{"probe":[', b"1,"),
    "rows": (read_vectors, b'{"gallery":[[1,1]', b",[1,1]"),
    "empty rows": (read_vectors, b'{"gallery":[', b"[],"),
    "strings": (read_vectors, b'{"gallery":[', b'"a",'),
    "errors": (read_vectors, b'{"gallery":[["a"', b',"a"'),
    "names": (read_pair, b'{"a":1', b',"a":1'),
    "deep": (read_pair, b"", b'{"image1":'),
    "model": (read_pair, b'{"model":"', b"x"),
    "not ASCII": (read_pair, b'{"image1":"', "é".encode()),
    "quotes": (read_pair, b'{"image1":"', b'\\"'),
    "backslashes": (read_pair, b'{"image1":"', b"\\\\"),
    "base64": (read_pair, b'{"image1":"', b"QUJD"),
    "escapes": (read_pair, b'{"image1":"', b"\\u0041"),
}


@pytest.mark.parametrize(("read", "head", "more"), ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused_within_three_pieces(read, head, more):
    body = (head + more * (4 * PIECE_BYTES // len(more)))[: 4 * PIECE_BYTES]
    given = []

    def pieces():
        for start in range(0, len(body), PIECE_BYTES):
            given.append(start)
            yield body[start : start + PIECE_BYTES]
        raise AssertionError("all of it was taken")

    with pytest.raises((RequestError, VectorError, ImageTooLargeError)):
        read(pieces())
    assert len(given) <= 3


def test_a_gallery_within_its_limits_is_taken_and_beyond_them_is_not():
    full = b'{"probe":[1,1,1,1],"gallery":[%b]}' % b",".join([b"[1,1,1,1]"] * 1000)
    assert read_vectors([full])[2].shape == (1000, 4)
    with pytest.raises(BodyTooLargeError, match="1,000 rows"):
        read_vectors([full[:-2], b",[1,1,1,1]]}"])
    wide = b'{"gallery":[%b]}' % b",".join([b"[1,1,1,1,1]"] * 1000)
    with pytest.raises(BodyTooLargeError, match="4,000 values"):
        read_vectors([wide])


def test_what_rows_take_beyond_their_text_is_counted():
    held = []
    gallery = JsonGallery(LIMITS, held.append)
    assert gallery.feed(b"%b]" % b",".join([b"[1,1]"] * 500)) == b""
    assert sum(held) >= 500 * 2 * 8


def test_the_outline_is_bounded():
    name = b"x" * (MAX_OUTLINE_BYTES - 100)
    body = b'{"model":"%b","image1":"","image2":""}'
    assert read_pair([body % name])[0]["model"] == name.decode()
    with pytest.raises(UnreadableBodyError, match="bytes besides image1 and image2"):
        read_pair([body % (name + bytes(100))])


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("gap", ["", " ", "\n\t "])
def test_a_list_of_images_is_read_in_pieces_of_any_size(piece, gap):
    files = [b"first", b"", b"the third one"]
    texts = [f'"{base64.b64encode(data).decode()}"' for data in files]
    body = f'{{"image1":[{gap}{f"{gap},{gap}".join(texts)}{gap}],"fmr":1}}'.encode()
    images = JsonImages("image1", 100, 3)
    reader = JsonReader({"image1": images.forms}, 16)
    for start in range(0, len(body), piece):
        reader.feed(body[start : start + piece])
    assert parsed(reader.close()) == {"image1": [], "fmr": 1}
    assert [(file.name, file.data) for file in images.close()] == [
        (f"image1[{i}]", data) for i, data in enumerate(files)
    ]
