"""Versions of code: a hash of what a result depends on, so that a changed rule remakes it and a comment does not.

Python source counts by its syntax tree without docstrings: comments, layout and documentation are not part of it, and
the hash is the same on every Python version. Other files count by their bytes.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["code_version"]

_NOT_MEANING = {"ctx", "kind", "type_comment", "type_ignores"}


@cache
def code_version(*places: str) -> str:
    """Hash of all files at some places.

    Args:
        places: each a package (`aig.generators.open_ended`), one of its modules, or a file or folder of data in it
            (`aig.prompts/data/descriptions`). A package stands for its modules, not for the data beside them.
    """
    content = hashlib.sha256()
    for place in places:
        for name, item in _files(place):
            content.update(f"{name}\0".encode())
            content.update(hashlib.sha256(_meaning(item)).digest())
    return content.hexdigest()[:16]


def _files(place: str) -> Iterator[tuple[str, Traversable]]:
    package, slash, inside = place.partition("/")
    if slash:
        yield from _below(resources.files(package).joinpath(inside), place)
        return
    parent, _, module = package.rpartition(".")
    if parent and (file := resources.files(parent).joinpath(f"{module}.py")).is_file():
        yield place, file
        return
    yield from ((name, item) for name, item in _below(resources.files(package), place) if name.endswith(".py"))


def _below(item: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    if item.is_file():
        yield name, item
        return
    for inner in sorted(item.iterdir(), key=lambda entry: entry.name):
        if inner.name != "__pycache__":
            yield from _below(inner, f"{name}/{inner.name}")


def _meaning(item: Traversable) -> bytes:
    content = item.read_bytes()
    return repr(_plain(ast.parse(content))).encode() if item.name.endswith(".py") else content


def _plain(node: object) -> object:
    """A syntax tree as nested tuples, without docstrings and without the fields that a Python version leaves empty."""
    if isinstance(node, list):
        return tuple(map(_plain, node))
    if not isinstance(node, ast.AST):
        return node
    fields = [
        (name, _plain(_body(node, value) if name == "body" else value))
        for name, value in ast.iter_fields(node)
        if name not in _NOT_MEANING and value not in (None, [])
    ]
    return (type(node).__name__, *fields)


def _body(node: ast.AST, body: object) -> object:
    """A block without the sentence of documentation that it begins with, or that stands below an assignment."""
    if not isinstance(body, list) or not isinstance(
        node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    ):
        return body
    return [
        statement
        for statement in body
        if not (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
    ]
