import pytest

from model.errors import BrokenImageError, UnsupportedImageError
from model.preprocessing import FORMATS, open_image
from tests.hostile.corpus import patched, png_chunk, whole

# Pillow warns of what it then refuses.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

KINDS = [
    ("an empty file", b"", "is empty: it has 0 bytes"),
    ("zeros", bytes(5000), "zero bytes only.*send the original"),
    ("PDF", b"%PDF-1.7\n%\xe2\xe3", "a PDF document.*export its page"),
    ("PDF behind some bytes", b"\r\n\r\n%PDF-1.4", "a PDF document"),
    ("HTML", b"<!DOCTYPE html><html><body>404</body></html>", "a web page.*an error page"),
    ("HTML in capitals", b"\n\n<HTML><HEAD>", "a web page"),
    ("HTML with a mark", b"\xef\xbb\xbf<html lang=en>", "a web page"),
    ("HTML in UTF-16", "\ufeff<html><p>".encode("utf-16-le"), "a web page"),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing.*export it as PNG"),
    ("SVG as XML", b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg\nwidth='1'/>", "an SVG drawing"),
    ("XML", b"<?xml version='1.0'?><feed/>", "an XML document"),
    ("JSON", b'{"image": 1}', "this is text"),
    ("text", "Grüße, sind da\r\n\tund dort".encode(), "this is text"),
    ("text that begins like a BMP", b"BM, a note about the picture", "this is text"),
    ("text that begins like a PPM", b"Python is a language", "this is text"),
    ("base64", b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcG\n", "base64 text.*decode it"),
    ("data URL", b"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA", "base64 text"),
    ("URL", b"https://example.org/one.png", "an address or a path.*never fetched"),
    ("path", b"../pictures/one.png", "an address or a path.*-F image=@"),
    ("file name", b"my pictures/one.JPG", "an address or a path.*-F image=@"),
    ("file name and line break", b"one.heic\n", "an address or a path.*-F image=@"),
    ("text that names a file first", b"one.png\nis what I meant", "this is text"),
    ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image.*save the picture as JPEG"),
    ("JPEG XL", b"\xff\x0a\xfa\x7f\x01", "a JPEG XL image"),
    ("JPEG XR", b"II\xbc\x01\x08\0\0\0", "a JPEG XR image"),
    ("PSD", b"8BPS\0\x01", "a Photoshop file"),
    ("icon", b"\0\0\x01\0\x01\0\x10\x10", "an icon"),
    ("DICOM", bytes(128) + b"DICM\x02\0", "a DICOM image"),
    ("EXR", b"\x76\x2f\x31\x01\x02\0\0\0", "an OpenEXR image"),
    ("PAM", b"P7\nWIDTH 4\n", "a PAM image"),
    ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
    ("ZIP", b"PK\x03\x04\x14\0", "a ZIP archive or an office document"),
    ("gzip", b"\x1f\x8b\x08\0", "a gzip archive"),
    ("MP4", b"\0\0\0\x18ftypisom\0\0\0\0", "a video.*one frame"),
    ("QuickTime", b"\0\0\0\x14ftypqt  \0\0\0\0", "a video"),
    ("WAV", b"RIFF\x24\0\0\0WAVEfmt ", "a sound file"),
    ("AVI", b"RIFF\x24\0\0\0AVI LIST", "a video"),
    ("NumPy", b"\x93NUMPY\x01\0", "an array of NumPy"),
    ("GIF that is a script", b"GIF89a=1;/*" + bytes(200) + b"*/alert(1)", "begins like a GIF"),
    ("noise", bytes(range(200, 256)) * 9, "no known format"),
]


@pytest.mark.parametrize(("data", "message"), [pytest.param(*k[1:], id=k[0]) for k in KINDS])
def test_a_file_of_another_kind_is_named_with_what_to_do(data, message):
    with pytest.raises(UnsupportedImageError, match=f"(?s){message}") as found:
        open_image(data)
    assert ", ".join(FORMATS) in str(found.value)


def test_every_kind_has_a_sentence_of_its_own():
    names = ("an empty file", "PDF", "HTML", "SVG", "JSON", "URL", "base64", "MP4", "noise")
    sentences = set()
    for name, data, _ in KINDS:
        if name in names:
            with pytest.raises(UnsupportedImageError) as found:
                open_image(data)
            sentences.add(str(found.value))
    assert len(sentences) == len(names)


def flipped(data, at):
    return patched(data, at, bytes([data[at] ^ 0xFF]))


PNG, JPEG, TIFF = whole("PNG"), whole("JPEG"), whole("TIFF")
BAD_CRC = png_chunk(b"tEXt", b"a\0b")[:-4] + bytes(4)

DAMAGED = {
    "PNG with a wrong checksum in its text": PNG[:33] + BAD_CRC + PNG[33:],
    "PNG with a wrong checksum in its header": flipped(PNG, 30),
    "PNG whose line ends were changed": PNG.replace(b"\r\n", b"\n"),
    "PNG of which seven bits were kept": bytes(byte & 127 for byte in PNG),
    "PNG that was read as text": PNG.decode("utf-8", "replace").encode(),
    "PNG with a damaged first byte": flipped(PNG, 0),
    "PNG of a chunk that is too long": patched(PNG, 8, b"\0\0\xff\xff"),
    "PNG of seven bytes": PNG[:7],
    "PNG of its signature": PNG[:8],
    "PNG of no pixels": patched(PNG, 16, bytes(4)),
    "JPEG that was read as text": JPEG.decode("utf-8", "replace").encode(),
    "JPEG without its first marker": b"\0\0" + JPEG[2:],
    "JPEG of two bytes": JPEG[:2],
    "JPEG of its first segment": JPEG[:20],
    "JPEG that ends before its size": JPEG[: JPEG.index(b"\xff\xc0")],
    "JPEG with noise for markers": JPEG[:3] + bytes(range(1, 120)),
    "TIFF that ends before its tags": TIFF[:8],
    "TIFF whose tags lie behind its end": patched(TIFF, 4, b"\xff\xff\xff\x7f"),
    "TIFF cut in its tags": TIFF[:40],
    "TIFF of three bytes": TIFF[:3],
    "GIF cut before its first frame": whole("GIF")[:20],
    "GIF of its signature": whole("GIF")[:6],
    "WebP cut in its header": whole("WEBP")[:16],
    "WebP of eight bytes": whole("WEBP")[:8],
    "BMP cut in its header": whole("BMP")[:30],
    "PPM cut in its header": whole("PPM")[:5],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_broken_and_not_of_another_kind(name):
    with pytest.raises(BrokenImageError, match=r"send the (whole )?file") as found:
        open_image(DAMAGED[name])
    assert "damaged" in str(found.value) or "cut" in str(found.value)
    assert "buffer" not in str(found.value)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "TIFF"])
def test_a_file_cut_anywhere_in_its_header_is_broken(file_format):
    data = whole(file_format)
    for length in range(2 if file_format != "GIF" else 3, 41):
        with pytest.raises(BrokenImageError):
            open_image(data[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (patched(whole("BMP"), 30, b"\4"), "variant of BMP.*compression"),
        (patched(whole("BMP"), 28, b"\2"), "variant of BMP.*pixel depth"),
        (patched(JPEG, JPEG.index(b"\xff\xc0") + 4, b"\x0c"), "variant of JPEG.*12-bit"),
        (patched(JPEG, JPEG.index(b"\xff\xc0") + 9, b"\2"), "variant of JPEG.*2-layer"),
    ],
    ids=["JPEG in BMP", "2-bit BMP", "12-bit JPEG", "JPEG of two layers"],
)
def test_a_variant_that_is_not_read_is_named(data, message):
    with pytest.raises(UnsupportedImageError, match=message):
        open_image(data)


def test_a_tiff_of_a_compression_that_is_not_read_is_an_image_error():
    data = patched(TIFF, TIFF.index(b"\x03\x01\x03\0\x01\0\0\0") + 8, b"\x99\x99")
    with pytest.raises((UnsupportedImageError, BrokenImageError), match="TIFF"):
        open_image(data)


def test_what_looks_like_another_kind_inside_an_image_changes_nothing():
    for words in (b"<html>", b"%PDF-1.7", b"<svg >"):
        data = PNG[:33] + png_chunk(b"tEXt", b"a\0" + words) + PNG[33:]
        assert open_image(data).format == "PNG"


def test_files_of_the_formats_are_opened():
    for file_format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM"):
        assert open_image(whole(file_format)).format == file_format
