"""Command-line options of what downloads: where it looks before it does."""

from __future__ import annotations

import argparse


def add_folders(parser: argparse.ArgumentParser, paths: str) -> None:
    """Add `--mirror` and `--cache`; `paths` says where in the mirror a file may lie."""
    parser.add_argument(
        "--mirror",
        metavar="FOLDER",
        help=f"folder that is tried before a download, as {paths} (default: $STUDY_MIRROR)",
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        help="folder of earlier downloads (default: $STUDY_CACHE, else image-compression-study in the user's cache)",
    )
