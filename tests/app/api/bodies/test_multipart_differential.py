"""Forms as other parsers read them: a decision never hangs on a part that was read differently.

The references are werkzeug's parser and that of the package `multipart`. Where ours answers a form,
both give the same fields, or refuse the form; where a part is not honoured, ours refuses.
"""

from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multipart import MultipartError, MultipartParser
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from app.api.bodies.multipart import Expected, MultipartReader
from app.errors import LikewiseError, UnreadableBodyError

DECIDING = ("threshold", "model", "fmr")
EXPECTED = Expected({"image1": 1, "image2": 1}, frozenset(DECIDING), max_image_bytes=500)
TYPE = "multipart/form-data; boundary=xyz"


def ours(body, content_type=TYPE, cuts=()):
    """The deciding fields, or None for a form that is refused."""
    reader = MultipartReader(content_type, EXPECTED)
    begin = 0
    try:
        for end in (*cuts, len(body)):
            reader.feed(body[begin:end])
            begin = end
        return reader.close().fields
    except LikewiseError:
        return None


def of_werkzeug(body, content_type=TYPE):
    environ = EnvironBuilder(
        method="POST", input_stream=BytesIO(body), content_type=content_type
    ).get_environ()
    environ["CONTENT_LENGTH"] = str(len(body))
    try:
        _, form, files = parse_form_data(
            environ, silent=False, stream_factory=lambda *_, **__: BytesIO()
        )
    except ValueError:
        return None
    texts = {name: form.getlist(name) for name in DECIDING}
    for name in DECIDING:
        texts[name] += [file.read().decode("utf-8", "replace") for file in files.getlist(name)]
    return {name: found for name, found in texts.items() if found}


def of_multipart(body, content_type=TYPE):
    boundary = content_type.partition("boundary=")[2].strip('"')
    try:
        parts = list(MultipartParser(BytesIO(body), boundary))
    except MultipartError:
        return None
    found = {}
    for part in parts:
        if part.name in DECIDING:
            found.setdefault(part.name, []).append(part.raw.decode("utf-8", "replace"))
    return found


def check(body, content_type=TYPE):
    """A form that ours answers has the fields that the references find."""
    fields = ours(body, content_type)
    if fields is not None:
        once = {name: [text] for name, text in fields.items()}
        for reference in (of_werkzeug, of_multipart):
            assert reference(body, content_type) in (None, once), reference.__name__
    return fields


NAMES = st.sampled_from([*DECIDING, "image1", "image2", "Threshold", "threshold ", ""])
DISPOSITIONS = st.sampled_from(
    [
        'form-data; name="{}"',
        "form-data; name={}",
        'form-data; name="{}"; filename="a.txt"',
        'form-data; filename="a;name=fmr"; name="{}"',
        'form-data; filename="a\\"; name=\\"fmr"; name="{}"',
        'form-data; name="{}"; name="fmr"',
        "form-data; name=\"{}\"; name*=utf-8''fmr",
        'form-data; name="{}"; name*0="fmr"',
        'form-data; NAME="{}"',
        'FORM-DATA;name="{}"',
        'form-data;\r\n name="{}"',
        'form-data; name = "{}"',
        'attachment; name="{}"',
        'form-data; name="{}"\r\nContent-Disposition: form-data; name="fmr"',
    ]
)
EXTRA = st.sampled_from(
    [
        "",
        "",
        "\r\nContent-Type: text/plain",
        "\r\nContent-Type: text/plain; charset=utf-8",
        "\r\nContent-Type: text/plain; charset=utf-16",
        "\r\nContent-Type: text/plain; charset=utf-7",
        "\r\nContent-Transfer-Encoding: base64",
        "\r\nContent-Transfer-Encoding: quoted-printable",
        "\r\nContent-Transfer-Encoding: 8bit",
        "\r\nX: y",
    ]
)
DATA = st.sampled_from(
    [b"", b"1", b"0.1", b"\r\n", b"\r\n--xy", b"\r\n--xyz", b"--xyz--", b"1\n", b"=31", b"MQ=="]
)
OPENINGS = st.sampled_from([b"", b"", b"", b"\r\n", b"\n", b" ", b"preamble\r\n", b"\r\n\r\n"])
AFTER = st.sampled_from([b"\r\n"] * 6 + [b" \r\n", b"\t\r\n", b"\n", b"\r", b"x\r\n", b"--\r\n"])
LAST = st.sampled_from([b"--\r\n", b"--", b"--\r\nepilogue", b"-- \r\n", b"", b"\r\n", b"--x"])


@st.composite
def bodies(draw):
    """A form with notations that parsers read differently."""
    body = draw(OPENINGS)
    for _ in range(draw(st.integers(0, 4))):
        disposition = draw(DISPOSITIONS).format(draw(NAMES)) + draw(EXTRA)
        head = f"Content-Disposition: {disposition}\r\n\r\n".encode()
        body += b"--xyz" + draw(AFTER) + head + draw(DATA) + b"\r\n"
    return body + b"--xyz" + draw(LAST)


def form(disposition, data=b"1", extra=b""):
    head = b"--xyz\r\nContent-Disposition: " + disposition + extra
    return head + b"\r\n\r\n" + data + b"\r\n--xyz--\r\n"


@example(form(b"form-data; name=\"threshold\"; name*=utf-8''fmr"))
@example(form(b'form-data; name="threshold"', b"MQ==", b"\r\nContent-Transfer-Encoding: base64"))
@example(form(b'form-data; name = "threshold"'))
@example(form(b'form-data; name ="threshold"'))
@example(form(b'form-data; name= "threshold"'))
@example(form(b'form-data; name="threshold"', b"--xyz--"))
@given(bodies())
def test_a_form_that_is_answered_is_read_as_others_read_it(body):
    check(body)


@given(bodies())
def test_a_form_cut_at_every_byte_is_the_same_form(body):
    whole = ours(body)
    for cut in range(1, len(body)):
        assert ours(body, cuts=[cut]) == whole, cut


@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; name=\"threshold\"; name*=utf-8''fmr",
        b'form-data; name="threshold"; name*0="fmr"',
        b"form-data; name*=utf-8''threshold",
        b"form-data; name=\"threshold\"; NAME*=utf-8''fmr",
    ],
)
def test_a_name_with_an_extended_name_beside_it_is_refused(disposition):
    assert ours(form(disposition)) is None


def test_a_boundary_with_an_extended_one_beside_it_is_refused():
    with pytest.raises(UnreadableBodyError, match="boundary"):
        MultipartReader(f"{TYPE}; boundary*=utf-8''abc", EXPECTED)


@pytest.mark.parametrize(
    "extra",
    [
        b"\r\nContent-Transfer-Encoding: base64",
        b"\r\ncontent-transfer-encoding: Quoted-Printable",
        b"\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64",
        b"\r\nContent-Transfer-Encoding: ",
        b"\r\nContent-Type: text/plain; charset=utf-16",
        b'\r\nContent-Type: text/plain; charset="UTF-7"',
        b"\r\nContent-Type: text/plain; charset=cp037",
    ],
)
@pytest.mark.parametrize("name", [b"threshold", b"image1"])
def test_a_part_whose_data_stands_for_other_data_is_refused(name, extra):
    assert ours(form(b'form-data; name="' + name + b'"', b"1", extra)) is None


@pytest.mark.parametrize(
    "extra",
    [
        b"\r\nContent-Transfer-Encoding: binary",
        b"\r\nContent-Transfer-Encoding: 8Bit",
        b"\r\nContent-Type: text/plain; charset=UTF-8",
        b'\r\nContent-Type: text/plain; charset="us-ascii"',
        b"\r\nContent-Type: text/plain;charset=ISO-8859-1",
    ],
)
def test_a_part_whose_headers_change_nothing_is_taken(extra):
    assert check(form(b'form-data; name="threshold"', b"1", extra)) == {"threshold": "1"}
