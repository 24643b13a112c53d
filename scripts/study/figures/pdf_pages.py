"""Several figures as the pages of one PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from study.core import atomic_io
from study.figures import canvas


def save(pages: Sequence[Figure], out: Iterable[Path]) -> None:
    """Write figures to every path as a PDF's pages: fonts inside, no time, the same bytes every time."""
    for path in out:
        with (
            canvas.looks(),
            atomic_io.replacing(path) as temporary,
            PdfPages(temporary, metadata={"CreationDate": None}) as pdf,
        ):
            for page in pages:
                pdf.savefig(page)
