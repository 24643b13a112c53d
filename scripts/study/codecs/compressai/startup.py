"""CompressAI, and PyTorch, without the parts that image codecs don't use.

`import compressai` also brings point clouds (torch_geometric), data sets, torchvision and scipy.stats: three more
seconds of CPU in every job than torch alone. Here its packages `compressai`, `compressai.models`, `compressai.registry`
and `compressai.zoo` come into being without their `__init__`, which only gathers names; the modules of the networks,
layers and entropy models in them are the library's own files, loaded as always.

A third of the time that `import torch` takes goes into shape functions for tensors without data, which compilers and
exporters need (`torch._meta_registrations`, and with it `torch._refs`, `torch._decomp`). They wait until asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType

from study.core.errors import StudyError

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # mallopt(3)
PACKAGES = ("compressai", "compressai.models", "compressai.registry", "compressai.zoo")
INITIALISED = (
    "compressai.registry",
    "compressai.models",
    "compressai.zoo",
    "compressai",
)  # each takes names of those before


def lighten_torch() -> None:
    """Let `import torch`, if it is still to come in this process, leave its shape functions for later."""
    if "torch" not in sys.modules:
        _postpone("torch._meta_registrations")


def complete_torch() -> None:
    """Load what `lighten_torch` left for later, which PyTorch's compiler and what builds on it can't do without."""
    import torch._meta_registrations

    torch._meta_registrations.register_meta  # noqa: B018 (the first use of a name loads the module)


def load() -> tuple[ModuleType, ModuleType, ModuleType]:
    """The modules `compressai.models.google`, `compressai.models.waseda`, `compressai.layers`.

    If the library was imported before, its modules as they are. If another version of it can't be loaded the short
    way, it is imported in full, with a warning: the codecs do the same, start-up takes longer.
    """
    if "compressai" not in sys.modules:
        try:
            _prepare()
            return _modules()
        except Exception as error:
            for name in [name for name in sys.modules if name.split(".")[0] == "compressai"]:
                del sys.modules[name]
            warnings.warn(f"compressai is imported in full, which is slower ({error})", stacklevel=2)
    return _modules()


def load_whole() -> None:
    """Import the library as anybody's code expects it, with every name that its packages gather.

    What `load` brought stays as it is: the `__init__` files that it left out are run now. Raises StudyError.
    """
    complete_torch()
    if "compressai" not in sys.modules:
        importlib.import_module("compressai")
        return
    for name in INITIALISED:
        module = sys.modules.get(name)
        if module is None or getattr(module, "__file__", None) is not None:
            continue
        spec = importlib.util.spec_from_file_location(
            name, f"{module.__path__[0]}/__init__.py", submodule_search_locations=list(module.__path__)
        )
        if spec is None or spec.loader is None:
            raise StudyError("the package compressai isn't whole; install the workflow's environment (envs/) anew")
        module.__spec__, module.__loader__, module.__file__ = spec, spec.loader, spec.origin
        spec.loader.exec_module(module)


def _modules() -> tuple[ModuleType, ModuleType, ModuleType]:
    google, waseda = (importlib.import_module(f"compressai.models.{name}") for name in ("google", "waseda"))
    return google, waseda, importlib.import_module("compressai.layers")


def _prepare() -> None:
    library = importlib.util.find_spec("compressai")
    if library is None or not library.submodule_search_locations:
        raise StudyError("the package compressai is missing; install the workflow's environment (envs/)")
    root = library.submodule_search_locations[0]
    for name in PACKAGES:
        package = ModuleType(name)
        package.__path__ = [root + name.removeprefix("compressai").replace(".", "/")]
        package.__spec__ = ModuleSpec(name, None, is_package=True)
        package.__spec__.submodule_search_locations = list(package.__path__)
        sys.modules[name] = package
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, package)
    coder = {"get_entropy_coder": lambda: "ans", "available_entropy_coders": lambda: ["ans"]}
    vars(sys.modules["compressai"]).update(coder)
    decorators = importlib.import_module("compressai.registry.torch")
    vars(sys.modules["compressai.registry"]).update(
        {name: value for name, value in vars(decorators).items() if name.startswith("register_") or name.isupper()}
    )
    _postpone("scipy.stats")


def _postpone(name: str) -> None:
    """Let `import name` succeed at once and load the module when one of its names is first used."""
    if name in sys.modules:
        return
    module = ModuleType(name)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        module.__spec__ = importlib.util.find_spec(name)
        setattr(sys.modules[parent], child, module)

    def load_now(attribute: str) -> object:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(importlib.import_module(name), attribute)

    module.__dict__["__getattr__"] = load_now
    sys.modules[name] = module


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, for its next arrays; where there is no glibc nothing changes.

    Layers of a network make arrays of many megabytes that live for milliseconds. glibc gives each of them back to the
    system, which then clears every page anew for the next: up to a third of the time of a transform.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, -1)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run PyTorch with one thread in this block, whatever it was given.

    Its transposed convolution sums in an order that depends on the number of threads and the size, which now and then
    turns a value of the image over to the next integer.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
