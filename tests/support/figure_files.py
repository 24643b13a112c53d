"""Files of figures: whole, and not empty."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def check_figure(*files: Path) -> None:
    """Fail unless each file is a whole PNG that shows something, or a whole PDF."""
    assert files
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".pdf":
            assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF"), path
            continue
        assert path.suffix == ".png", path
        with Image.open(path) as image:
            image.load()
            shades = len(image.convert("L").histogram()) - image.convert("L").histogram().count(0)
            assert min(image.size) > 100 and shades > 2, (path, image.size, shades)
