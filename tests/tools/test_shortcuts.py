"""Each shortcut still saves what it is there for: modules that aren't loaded, memory that isn't asked for again."""

import subprocess

import pytest
import shortcuts

pytestmark = pytest.mark.slow

MODULES = "\nimport sys; print(len(sys.modules))"
WORK = "with torch.inference_mode():"
BEFORE = "import resource; before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"  # without the imports
FAULTS = "\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
IMPORTS = [shortcut for shortcut in shortcuts.SHORTCUTS if "memory" not in shortcut.name]


def count(shortcut: shortcuts.Shortcut, code: str, ending: str) -> int:
    python = shortcuts.ROOT / shortcut.environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no {shortcut.environment}; `make tensorflow` builds it")
    environment = {"PYTHONPATH": str(shortcuts.ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([python, "-c", code + ending], env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("shortcut", IMPORTS, ids=lambda shortcut: shortcut.name.split(" (")[0])
def test_a_shorter_import_loads_fewer_modules(shortcut: shortcuts.Shortcut) -> None:
    without, with_it = (count(shortcut, code, MODULES) for code in (shortcut.without, shortcut.with_it))
    assert with_it < without


def test_memory_that_is_kept_is_not_asked_for_again() -> None:
    (shortcut,) = (shortcut for shortcut in shortcuts.SHORTCUTS if "memory" in shortcut.name)
    codes = [code.replace(WORK, BEFORE + WORK) for code in (shortcut.without, shortcut.with_it)]
    without, with_it = (count(shortcut, code, FAULTS) for code in codes)
    assert with_it < 0.7 * without
