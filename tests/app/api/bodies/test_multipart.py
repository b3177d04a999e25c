import contextlib
import gc
import re
import weakref

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.api.bodies.multipart import MAX_FIELD_BYTES, MAX_HEADER_BYTES, Expected, MultipartReader
from app.errors import PartError, TooManyImagesError, UnreadableBodyError
from model.errors import ImageTooLargeError

TYPE = "multipart/form-data; boundary=xyz"
EXPECTED = Expected({"image1": 1, "image": 3}, frozenset({"model", "fmr"}), max_image_bytes=5_000)


def part(name, data, *headers):
    lines = [f'Content-Disposition: form-data; name="{name}"', *headers]
    return b"--xyz\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + data + b"\r\n"


def body(*parts):
    return b"".join(parts) + b"--xyz--\r\n"


def read(data, content_type=TYPE, cuts=()):
    reader = MultipartReader(content_type, EXPECTED)
    begin = 0
    for end in (*cuts, len(data)):
        reader.feed(data[begin:end])
        begin = end
    return reader.close()


TRICKY = body(
    part(
        "image1",
        b"\r\n--xy\r\n--xYz\r\n-\r--xyz\n--xyz" + bytes(range(256)),
        "Content-Type: text/html",
    ),
    part("model", "dëmo".encode()),
    part("image", b""),
    part("image", b"\r\n"),
)


def test_parts_arrive_under_their_names():
    form = read(TRICKY)
    assert form.images["image1"][0].data.endswith(bytes(range(256)))
    assert [file.name for file in form.images["image"]] == ["image[0]", "image[1]"]
    assert [file.data for file in form.images["image"]] == [b"", b"\r\n"]
    assert form.fields == {"model": "dëmo"}


def test_a_body_cut_anywhere_gives_the_same_form():
    whole = read(TRICKY)
    for cut in range(1, len(TRICKY)):
        assert read(TRICKY, cuts=[cut]) == whole, cut


def test_a_body_that_comes_byte_by_byte_gives_the_same_form():
    assert read(TRICKY, cuts=range(1, len(TRICKY))) == read(TRICKY)


def test_a_quoted_boundary_is_taken():
    assert read(body(part("model", b"a")), 'multipart/form-data; boundary="xyz"').fields == {
        "model": "a"
    }


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"{TYPE[:-3]}{'x' * 5000}"],
)
def test_a_boundary_that_is_missing_or_absurd_is_said(content_type):
    with pytest.raises(UnreadableBodyError, match="boundary"):
        read(body(), content_type)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"--abc\r\n",
        TRICKY[:-6],
        TRICKY[: len(TRICKY) // 2],
        b"--xyz\r\nno colon\r\n\r\n",
        b"--xyz\r\n: no name\r\n\r\n",
    ],
)
def test_what_is_not_multipart_is_unreadable(data):
    with pytest.raises(UnreadableBodyError):
        read(data)


@pytest.mark.parametrize("cut", range(1, len(TRICKY) - 4, 7))
def test_a_body_that_ends_early_is_never_taken_for_a_whole_one(cut):
    with pytest.raises(UnreadableBodyError):
        read(TRICKY[:cut])


def test_a_part_that_is_not_expected_is_refused_with_those_that_are():
    with pytest.raises(PartError, match=r"'file'.*it takes image1, image, fmr, model"):
        read(body(part("file", b"x")))


@pytest.mark.parametrize("name", ["image1", "model"])
def test_a_part_that_comes_twice_is_refused(name):
    with pytest.raises(PartError, match="twice"):
        read(body(part(name, b"a"), part(name, b"b")))


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Content-Type: image/png\r\n",
        b"Content-Disposition: form-data\r\n",
        b'Content-Disposition: form-data; name=""\r\n',
        b'Content-Disposition: attachment; name="image1"\r\n',
    ],
)
def test_a_part_without_a_name_is_refused(headers):
    with pytest.raises(PartError, match="no name"):
        read(b"--xyz\r\n" + headers + b"\r\nx\r\n--xyz--\r\n")


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(PartError, match="UTF-8"):
        read(b'--xyz\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--xyz--\r\n')


def test_a_field_that_is_no_text_is_refused():
    with pytest.raises(PartError, match="UTF-8"):
        read(body(part("model", b"\xff")))


def test_of_ten_thousand_parts_the_fourth_is_refused():
    reader = MultipartReader(TYPE, EXPECTED)
    with pytest.raises(TooManyImagesError, match="more than 3"):
        reader.feed(body(*[part("image", b"x")] * 10_000))
    assert len(reader._form.images["image"]) == 3


def test_an_image_is_refused_as_soon_as_it_is_too_large():
    reader = MultipartReader(TYPE, EXPECTED)
    reader.feed(part("image", b"x" * 5_000)[:-2])
    with pytest.raises(ImageTooLargeError, match=r"image\[0\].*5,000 bytes"):
        reader.feed(b"xxx")


def test_a_field_is_refused_when_it_is_long():
    with pytest.raises(PartError, match="more than"):
        read(body(part("model", b"x" * (MAX_FIELD_BYTES + 1))))


def test_a_huge_header_is_refused():
    with pytest.raises(UnreadableBodyError, match=r"header length .* of 2,000 bytes"):
        read(body(part("image1", b"x", "X-Long: " + "y" * (MAX_HEADER_BYTES + 1))))


def test_very_many_headers_are_refused():
    with pytest.raises(UnreadableBodyError, match=r"header count .* 8 headers"):
        read(body(part("image1", b"x", *[f"X-{n}: y" for n in range(100)])))


PIECES = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"--xyz", b"\r\n--xy", b"z", b"\x00", b" "])
    | st.binary(max_size=9),
    max_size=30,
).map(b"".join)


@given(st.lists(PIECES, min_size=1, max_size=3), st.lists(st.integers(0, 400), max_size=8))
def test_what_was_sent_arrives_wherever_it_is_cut(datas, cuts):
    assume(not any(data.startswith(b"--xyz") for data in datas))
    whole = body(*(part("image", data) for data in datas))
    cuts = sorted(min(cut, len(whole)) for cut in cuts)
    # What follows a boundary within the data, or one that overlaps with the real one behind it.
    ends = [data + b"\r\n--xyz\r\n" for data in datas]
    after = [two for end in ends for two in re.findall(rb"(?=\r\n--xyz(..))", end, re.DOTALL)]
    if after[0] not in {b"\r\n", b"--"}:
        with pytest.raises(UnreadableBodyError, match="after boundary"):
            read(whole, cuts=cuts)
    assume(len(after) == len(datas))
    form = read(whole, cuts=cuts)
    assert [file.data for file in form.images["image"]] == datas


@pytest.mark.parametrize("data", [b"--xyz", b"--xyz--", b"--xyz--\r\n", b"--xyzz", b"--xyz\r\n0.1"])
def test_data_that_begins_with_the_boundary_is_refused_wherever_it_is_cut(data):
    whole = body(part("fmr", data), part("model", b"a"))
    for cuts in ([], range(1, len(whole))):
        with pytest.raises(UnreadableBodyError, match="begins with the boundary"):
            read(whole, cuts=cuts)


def test_data_that_holds_the_boundary_ends_there():
    with pytest.raises(UnreadableBodyError, match="Malformed segment header"):
        read(body(part("image", b"\r\n--xyz"), part("image", b"")))


@pytest.mark.parametrize("after", [b"z", b" \r\n", b"\t\r\n", b"\n", b"\r", b"-"])
@pytest.mark.parametrize("first", [True, False])
def test_a_boundary_with_anything_behind_it_is_refused_and_no_part_is_passed_over(first, after):
    fields = b'Content-Disposition: form-data; name="fmr"\r\n\r\n0.1\r\n--xyz--\r\n'
    before = b"" if first else part("model", b"a")
    for cuts in ([], range(1, 200)):
        with pytest.raises(UnreadableBodyError, match="boundary"):
            read(before + b"--xyz" + after + fields, cuts=cuts)


@pytest.mark.parametrize("before", [b"\n", b"\r", b" ", b"hello\r\n", b"\r\n\r\n", b"--xy\r\n"])
def test_a_body_that_does_not_begin_with_its_boundary_is_refused_wherever_it_is_cut(before):
    whole = before + body(part("model", b"a"), part("fmr", b"0.1"))
    for cuts in ([], range(1, len(whole))):
        with pytest.raises(UnreadableBodyError, match="begin with its boundary"):
            read(whole, cuts=cuts)


def test_a_line_end_before_the_first_boundary_and_anything_behind_the_last_mean_nothing():
    whole = b"\r\n" + body(part("model", b"a")) + b"hello" + part("file", b"x")
    for cuts in ([], range(1, len(whole))):
        assert read(whole, cuts=cuts).fields == {"model": "a"}


def test_an_empty_chunk_means_nothing():
    assert read(TRICKY, cuts=[0, 0, 90, 90, 95, 95]) == read(TRICKY)


@pytest.mark.parametrize(
    ("disposition", "error"),
    [
        ('form-data; name="model"; name="fmr"', UnreadableBodyError),
        ('form-data; name="model"; NAME="fmr"', UnreadableBodyError),
        ('form-data; name="model" x', UnreadableBodyError),
        ('form-data; name="model', UnreadableBodyError),
        ('form-data; name="model"\r\nContent-Disposition: form-data; name="fmr"', PartError),
        ('form-data; name="model"\r\ncontent-disposition: attachment', PartError),
    ],
)
def test_a_part_of_two_names_or_of_an_unreadable_one_is_refused(disposition, error):
    with pytest.raises(error, match=r"twice|two Content-Disposition"):
        read(f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\n1\r\n--xyz--\r\n".encode())


@pytest.mark.parametrize(
    "disposition",
    [
        "form-data; name=model",
        'Form-Data ;\tname="model" ; filename="a;b=\\"c"',
        'form-data; filename="\xff.jpg"; name="model"',
        "form-data; name=model;",
        'form-data;\r\n name="model"',
    ],
)
def test_a_name_is_read_however_it_is_written(disposition):
    head = f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\n".encode("latin-1")
    assert read(head + b"1\r\n--xyz--\r\n").fields == {"model": "1"}


@pytest.mark.parametrize("boundary", ["xyz; boundary=abc", '"xyz', '""', '"\n"', "xyz; charset"])
def test_a_boundary_that_is_ambiguous_or_unreadable_is_refused(boundary):
    with pytest.raises(UnreadableBodyError, match="boundary"):
        read(body(part("model", b"a")), f"multipart/form-data; boundary={boundary}")


@pytest.mark.parametrize("length", ["2", "0", "-1", "x"])
def test_a_part_of_another_length_than_it_declares_is_refused(length):
    with pytest.raises(UnreadableBodyError, match="Content-Length"):
        read(body(part("model", b"a", f"Content-Length: {length}")))


@given(st.binary(max_size=400), st.integers(1, 50))
def test_noise_is_refused_or_read_and_nothing_else(noise, step):
    whole = b"--xyz\r\n" + noise + b"\r\n--xyz--\r\n"
    with contextlib.suppress(UnreadableBodyError, PartError):
        read(whole, cuts=range(step, len(whole), step))


def test_a_reader_is_freed_at_once():
    gc.disable()
    try:
        reader = MultipartReader(TYPE, EXPECTED)
        reader.feed(body(part("image1", b"x" * 1000)))
        form, gone = reader.close(), weakref.ref(reader)
        del reader
        assert gone() is None
        assert len(form.images["image1"][0].data) == 1000
    finally:
        gc.enable()
