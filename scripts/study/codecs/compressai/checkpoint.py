"""Files of weights: safetensors, or PyTorch's own format without code in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.codecs.compressai import startup
from study.core.errors import StudyError

if TYPE_CHECKING:
    import torch


def read(path: Path, sha256: str | None) -> Mapping[str, torch.Tensor]:
    """The tensors in a file: safetensors, or PyTorch's own format without code in it.

    Raises StudyError for a file that is damaged, that wants to run code, or whose sha256 doesn't begin with `sha256`.
    """
    import torch
    from safetensors.torch import load

    try:
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
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever broken bytes lead the unpickler to
        reason = " ".join(str(error).split())[:200]
        raise StudyError(
            f"the weights {path} are no file of tensors ({reason}); delete the file and fetch it again"
        ) from None
    startup.load()
    from compressai.zoo.pretrained import load_pretrained

    return load_pretrained(_inner(content, path))


def _inner(content: Any, path: Path) -> Mapping[str, torch.Tensor]:
    """The tensors in a checkpoint, which may hold them under a key."""
    import torch

    for key in ("network", "state_dict", "model_state_dict"):
        if isinstance(content, Mapping) and key in content:
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise StudyError(
            f"the weights {path} hold other things than tensors; a state dict of a CompressAI model is wanted"
        )
    return content
