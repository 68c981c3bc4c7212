"""Text on pictures: fonts, wrapping and soft panels; DejaVu where it is installed, Pillow's own font elsewhere."""

from __future__ import annotations

import colorsys
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

FAMILY = "DejaVuSans"  # the one sans-serif that is nearly everywhere and has nearly every letter
NO_CHARACTER = "\U0010ffff"  # is in no font, draws as what a font shows for missing letters
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
GOLDEN_TURN = 0.6180339887  # of the hue circle: neighbours in a row of colours stay far apart
INK = (242, 240, 232)
FAINT_INK = (178, 182, 188)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]


@lru_cache(maxsize=64)
def font(size: int, *, bold: bool = False) -> Font:
    """A sans-serif font of a size in pixels."""
    try:
        return ImageFont.truetype(f"{FAMILY}-Bold.ttf" if bold else f"{FAMILY}.ttf", size)
    except OSError:  # not installed: captions look a little plainer, nothing else changes
        return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _letter(character: str, face: Font) -> str:
    """The character, or the nearest one the font can draw: without accents, a plain dash, a question mark."""
    missing = face.getmask(NO_CHARACTER)
    without_accent = unicodedata.normalize("NFKD", character)[:1]
    candidates: list[str] = [character, without_accent, "-" if character in DASHES else "?"]
    for candidate in candidates:
        drawn = face.getmask(candidate)
        if (drawn.size, bytes(drawn)) != (missing.size, bytes(missing)):
            return candidate
    return " "


def legible(text: str, face: Font) -> str:
    """The text in letters the font has; nobody should meet empty boxes."""
    return "".join(c if " " <= c <= "~" else _letter(c, face) for c in text)


def put(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, ink: Colour, face: Font) -> None:
    """Draw one line of text with its top left corner at a point."""
    draw.text(at, legible(text, face), ink, face)


def text_width(text: str, face: Font) -> int:
    """Width of one line of text in pixels."""
    return round(face.getlength(legible(text, face)))


def line_height(face: Font) -> int:
    """Distance between the tops of two lines in pixels."""
    top, bottom = face.getbbox("Åg")[1], face.getbbox("Åg")[3]
    return round((bottom - min(top, 0)) * 1.22)


def wrap(text: str, face: Font, width: int) -> list[str]:
    """The text in lines no wider than a width in pixels; words too long for a line are cut."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, face) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while text_width(line, face) > width and len(line) > 1:
            fits = max(n for n in range(1, len(line)) if n == 1 or text_width(line[:n], face) <= width)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines


def clipped(text: str, face: Font, width: int) -> str:
    """The text, or its beginning with an ellipsis where it is too wide."""
    if text_width(text, face) <= width:
        return text
    while text and text_width(text + "…", face) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def speaker_colour(row: int) -> Colour:
    """A light colour that belongs to one villager, readable on dark ground."""
    red, green, blue = colorsys.hsv_to_rgb((0.09 + row * GOLDEN_TURN) % 1.0, 0.42, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def shade(image: Image.Image, box: tuple[int, int, int, int], radius: int, opacity: float = 0.62) -> None:
    """Darken a rounded box of an RGB image in place, so that text on it can be read over any picture."""
    left, top, right, bottom = box
    mask = Image.new("L", (max(right - left, 1), max(bottom - top, 1)), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius, fill=round(255 * opacity))
    image.paste((14, 16, 22), (left, top), mask)
