"""Small PNG and JPEG files of every kind, and the pixels that Pillow reads from them.

    pip install pillow==13.0.0
    python tests/golden/make_images.py
"""

import base64
import io
import json
import random
from pathlib import Path

import PIL
from PIL import Image

WIDTH, HEIGHT = 7, 5


def noise(rng, mode):
    channels = len(Image.new(mode, (1, 1)).tobytes())
    return Image.frombytes(mode, (WIDTH, HEIGHT), rng.randbytes(WIDTH * HEIGHT * channels))


def smooth(mode):
    """A picture that JPEG keeps well."""
    return Image.radial_gradient("L").resize((21, 13)).convert(mode)


def opaque(image, mode):
    """The picture with full opacity."""
    image = image.convert(mode)
    image.putalpha(255)
    return image


def greys(rng, bits):
    """A grey PNG of fewer than eight bits, by way of its palette."""
    image = Image.frombytes("P", (WIDTH, HEIGHT), bytes(rng.randrange(2**bits) for _ in range(WIDTH * HEIGHT)))
    image.putpalette(rng.randbytes(3 * 2**bits))
    return image, {"bits": bits}


def made(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    read = Image.open(file)
    return {
        "file": base64.b64encode(file.getvalue()).decode(),
        "height": read.height,
        "width": read.width,
        "rgb": base64.b64encode(read.convert("RGB").tobytes()).decode(),
        "grey": base64.b64encode(read.convert("RGB").convert("L").tobytes()).decode(),
    }


if __name__ == "__main__":
    rng = random.Random(0)
    color = Image.merge("RGB", [smooth("L"), smooth("L").rotate(180), smooth("L").rotate(90)])
    cases = {
        "PNG, grey": made(noise(rng, "L"), "PNG"),
        "PNG, black and white": made(noise(rng, "L").convert("1"), "PNG"),
        "PNG, color": made(noise(rng, "RGB"), "PNG"),
        "PNG, color and opacity": made(opaque(noise(rng, "RGB"), "RGBA"), "PNG"),
        "PNG, grey and opacity": made(opaque(noise(rng, "L"), "LA"), "PNG"),
        **{
            f"PNG, palette of {bits} bits": made(image, "PNG", **options)
            for bits in (1, 2, 4, 8)
            for image, options in [greys(rng, bits)]
        },
        "JPEG, grey": made(smooth("L"), "JPEG"),
        "JPEG, color": made(color, "JPEG"),
        "JPEG, color, every pixel": made(color, "JPEG", subsampling=0, quality=95),
        "JPEG, progressive": made(color, "JPEG", progressive=True),
    }
    path = Path(__file__).parent / "images.json"
    path.write_text(json.dumps({"metadata": {"pillow": PIL.__version__}, "cases": cases}, indent=1) + "\n")
