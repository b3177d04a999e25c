"""Pixels of an opened image: decoded, in 8-bit grey or RGB, and upright."""

from PIL import Image
from PIL.PpmImagePlugin import PpmImageFile

from model.image_files.decoding_cost import TURNING
from model.image_files.image_headers import ORIENTATION, directory
from model.image_files.netpbm import decode_netpbm
from model.image_files.opening import DECODING_FAILURES
from model.image_files.pixel_types import bands, eight_bit_grey

_LARGE_EXIF_BYTES = 70_000
"""More than a JPEG's segment holds."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright_pixels(image: Image.Image, data: bytes, channels: int) -> Image.Image:
    """Decode the first frame to 8-bit grey or RGB, and turn it."""
    decoded = _decode(image, data)
    orientation = _orientation(image)
    # Colour goes first: what is turned then has as few bytes a pixel as the result.
    flat = _flatten(decoded, channels)
    if flat is not decoded:
        decoded.close()  # The caller still has it; this frees its canvas.
    return _upright(flat, orientation)


def _decode(image: Image.Image, data: bytes) -> Image.Image:
    if isinstance(image, PpmImageFile):
        decoded = decode_netpbm(image, data)
        if decoded is not None:
            return decoded
    transparency = image.info.get("transparency")
    image.load()
    if image.format == "PNG" and transparency is None:
        # Behind the pixels a transparent colour has no meaning, yet Pillow takes it.
        image.info.pop("transparency", None)
    return image


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    transposition = _UPRIGHT.get(orientation)
    return image if transposition is None else image.transpose(transposition)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; upright where the EXIF block is damaged."""
    if image.format == "JPEG" and TURNING.isdisjoint(image.info):
        return 1  # Most pictures are scaled copies without EXIF, and `getexif` takes 7 µs.
    block = image.info.get("exif", b"")
    if len(block) > _LARGE_EXIF_BYTES and _has_many_orientations(block):
        return 1
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODING_FAILURES:
        return 1


def _has_many_orientations(block: bytes) -> bool:
    """Return whether an EXIF block has a list in the orientation's place, of any length."""
    fields = directory(block.removeprefix(b"Exif\0\0"))
    return any(field.tag == ORIENTATION and field.count > 1 for field in fields)


def _flatten(image: Image.Image, channels: int) -> Image.Image:
    """Make 8-bit grey or RGB: alpha over white, 16 bits scaled, palette and CMYK resolved."""
    if image.mode.startswith("I"):
        image = eight_bit_grey(image)
    wanted = "L" if channels == 1 else "RGB"
    if image.has_transparency_data:
        return _over_white(image, wanted)
    return image if image.mode == wanted else image.convert(wanted)


def _over_white(image: Image.Image, wanted: str) -> Image.Image:
    """Lay an image over white; the result has the wanted mode."""
    canvas = Image.new(wanted, image.size)
    for left, top, band in bands(image):
        # Pillow converts premultiplied grey to no other mode.
        layer = (band.convert("LA") if band.mode == "La" else band).convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        opaque = Image.alpha_composite(white, layer).convert("RGB")
        canvas.paste(opaque if wanted == "RGB" else opaque.convert(wanted), (left, top))
    return canvas
