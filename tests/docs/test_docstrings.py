"""Every public function, class and method of the library has a docstring, and those of arrays say of what shape."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from study.core.paths import ROOT, SCRIPTS

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (SCRIPTS / "study").rglob("*.py"))
ARRAY = re.compile(r"\b(ndarray|Tensor)\b")
SHAPE = re.compile(r"\[[^\]]*\]|\bshape\b")
# A method may say nothing new of what its class's base says: that of the library, or one of these.
OUTSIDE = {"Handler", "Filter", "TextIOBase", "Module", "ArgumentParser"}


def public(node: ast.AST) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef | ast.ClassDef]]:
    """The public functions and classes of a module or class, with the class that they are in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield node if isinstance(node, ast.ClassDef) else None, child
            if isinstance(child, ast.ClassDef):
                yield from public(child)


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def classes() -> dict[str, ast.ClassDef]:
    nodes = (node for path in MODULES for node in ast.walk(tree(path)))
    return {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}


@cache
def everything() -> list[tuple[str, ast.ClassDef | None, ast.FunctionDef | ast.ClassDef]]:
    return [(path, owner, node) for path in MODULES for owner, node in public(tree(path))]


def bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        name = ast.unparse(base).rpartition(".")[2]
        yield name
        if classes().get(name, node) is not node:
            yield from bases(classes()[name])


def inherits(owner: ast.ClassDef | None, name: str) -> bool:
    """Whether a base of a class has a method of that name with a docstring."""
    methods = (
        child
        for base in (bases(owner) if owner else ())
        for child in (classes()[base].body if base in classes() else ())
        if isinstance(child, ast.FunctionDef) and child.name == name
    )
    return any(map(ast.get_docstring, methods)) or bool(owner and OUTSIDE & set(bases(owner)))


def arrays(node: ast.FunctionDef) -> bool:
    """Whether a function takes or gives arrays; by name in a mapping, they have the shapes of what they are of."""
    annotations = [argument.annotation for argument in (*node.args.args, *node.args.kwonlyargs)]
    texts = (ast.unparse(annotation) for annotation in (*annotations, node.returns) if annotation)
    return any(ARRAY.search(text) and not re.search(r"Mapping|dict|Callable", text) for text in texts)


def is_operation(node: ast.FunctionDef) -> bool:
    """Whether it is an operation on latents: the contract of all of them is in their module's docstring."""
    return any("operation(" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_every_name_has_a_docstring():
    missing = [
        f"{path}: {owner.name + '.' if owner else ''}{node.name}"
        for path, owner, node in everything()
        if not ast.get_docstring(node) and not inherits(owner, node.name)
    ]
    assert not missing
    assert len(everything()) > 700


def test_a_docstring_opens_with_one_line():
    wrong = [
        f"{path}: {node.name}"
        for path, _, node in everything()
        if len(lines := (ast.get_docstring(node) or "").splitlines()) > 1 and lines[1].strip()
    ]
    assert not wrong


def test_functions_of_arrays_say_of_what_shape():
    wrong = [
        f"{path}: {node.name}"
        for path, owner, node in everything()
        if isinstance(node, ast.FunctionDef) and owner is None and arrays(node)
        and not is_operation(node)
        and not SHAPE.search(ast.get_docstring(node) or "")
    ]  # fmt: skip
    assert not wrong


def test_who_raises_an_error_of_the_study_says_so():
    """A public function whose own body raises says what it raises, or is of a contract that says it."""
    wrong = []
    for path, owner, node in everything():
        if isinstance(node, ast.FunctionDef) and owner is None:
            raised = [child.exc for child in ast.walk(node) if isinstance(child, ast.Raise)]
            names = {ast.unparse(call.func).rpartition(".")[2] for call in raised if isinstance(call, ast.Call)}
            says = re.search(r"Error|[Rr]aise|[Rr]efuse", ast.get_docstring(node) or "")
            if names & {"StudyError", "CodecError", "BitstreamError"} and not says and not is_operation(node):
                wrong.append(f"{path}: {node.name}")
    assert not wrong


@pytest.mark.parametrize("path", [path for path in MODULES if path.endswith("__init__.py")])
def test_a_package_opens_with_what_it_is_for(path):
    text = ast.get_docstring(tree(path)) or ""
    assert text and len(text.splitlines()) <= 10
