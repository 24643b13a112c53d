"""Files of weights: safetensors, or PyTorch's own format without code in it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.codecs.compressai import startup
from study.core.errors import StudyError

if TYPE_CHECKING:
    import torch


LARGEST_FILE = 2**32


def read(path: Path, sha256: str | None) -> Mapping[str, torch.Tensor]:
    """The tensors in a file, under the names that the library's networks have today.

    Raises StudyError for a file that is damaged, that wants to run code, or whose sha256 doesn't begin with `sha256`.
    """
    content = tensors(path, sha256)
    if path.suffix == ".safetensors":
        return content
    startup.load()
    from compressai.zoo.pretrained import load_pretrained

    return load_pretrained(content)


def tensors(path: Path, sha256: str | None = None) -> Mapping[str, torch.Tensor]:
    """The tensors in a file, as it names them: safetensors, or PyTorch's own format without code in it.

    A checkpoint may hold them under `network`, `state_dict` or `model_state_dict`. Raises StudyError as `read` does.
    """
    import torch
    from safetensors.torch import load

    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise StudyError(f"the weights {path} have {size:,} bytes; allowed: {LARGEST_FILE:,}")
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(f"can't read the weights {path}: {error.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and not digest.startswith(sha256):
        raise StudyError(
            f"the weights {path} are damaged: sha256 {digest[:16]}…, expected {sha256}…; "
            "delete the file and fetch it again"
        )
    try:
        if path.suffix == ".safetensors":
            return load(data)
        _check_frame(data)
        content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever broken bytes lead the unpickler to
        reason = " ".join(str(error).split())[:200]
        raise StudyError(
            f"the weights {path} are no file of tensors ({reason}); delete the file and fetch it again"
        ) from None
    return _inner(content, path, len(data))


def _check_frame(data: bytes) -> None:
    """Raise ValueError for a zip file that holds more than it has bytes: PyTorch's writer never compresses."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        whole = sum(entry.file_size for entry in archive.infolist())
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())
    if packed or whole > len(data):
        raise ValueError(f"it would unpack to {whole:,} bytes, of which it has {len(data):,}")


def _inner(content: Any, path: Path, size: int) -> Mapping[str, torch.Tensor]:
    """The tensors in a checkpoint, which may hold them under a key."""
    import torch

    for key in ("network", "state_dict", "model_state_dict"):
        if isinstance(content, Mapping) and key in content:
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise StudyError(
            f"the weights {path} hold other things than tensors; a state dict of a CompressAI model is wanted"
        )
    claimed = sum(value.numel() * value.element_size() for value in content.values())
    if claimed > size:
        raise StudyError(f"the weights {path} claim {claimed:,} bytes of tensors in a file of {size:,}; get it anew")
    return content
