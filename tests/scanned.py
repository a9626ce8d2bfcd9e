"""A page of a PDF as somebody's scanner or telephone gives it back: turned, out of square, unsharp, badly lit."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter


def page(pdf: bytes, at: int = 1, inch: int = 200) -> Image.Image:
    """Return a page as it was printed; 1 is the answer sheet."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[at].render(scale=inch / 72, grayscale=True).to_pil().convert("L")
    document.close()
    return picture


def photograph(
    picture: Image.Image,
    *,
    turned: float = 3,
    noise: float = 8,
    unsharp: float = 1,
    quality: int = 60,
) -> bytes:
    """Return a JPEG of a sheet that lies on a dark table."""
    wide, high = picture.size
    corners = (-0.03, -0.02, 0.01, 1.03, 1.04, 1.01, 1.0, -0.04)
    square = tuple(x * (wide, high)[at % 2] for at, x in enumerate(corners))
    picture = picture.transform(
        (wide, high), Image.Transform.QUAD, square, Image.Resampling.BICUBIC, fillcolor=120
    )
    picture = picture.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=90)
    points = np.asarray(picture.filter(ImageFilter.GaussianBlur(unsharp))).astype(float)
    light = np.linspace(0.55, 1, points.shape[1])[None, :]
    points = points * light + np.random.default_rng(1).normal(0, noise, points.shape)
    return jpeg(Image.fromarray(points.clip(0, 255).astype("uint8")).convert("RGB"), quality)


def jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    """Return a picture as JPEG."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def png(picture: Image.Image) -> bytes:
    """Return a picture as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(wide: int, high: int, packed: bytes) -> bytes:
    """Return a PNG that says to be of a size, with any packed points."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*x) for x in chunks)


def document(*pictures: Image.Image) -> bytes:
    """Return pictures as a PDF, a page each: what a scanner makes."""
    out = io.BytesIO()
    first, *others = pictures
    first.save(out, "PDF", save_all=True, append_images=others, resolution=200)
    return out.getvalue()
