"""House rules on the source that no linter checks: sizes, documentation, reasons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "pykafka").rglob("*.py"))
EVERYTHING = [
    path
    for folder in ("pykafka", "tests", "docs", "demo", "benchmarks", ".ci")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

SOFT_MODULE, HARD_MODULE = 500, 700
SOFT_FUNCTION, HARD_FUNCTION = 50, 80

#: "path" or "path:function" -> why it may pass the soft limit.
LARGER: dict[str, str] = {
    "pykafka/exceptions.py": "one short class per error: 2.x has them in one module",
    "pykafka/producer.py:_produce": "what a message costs: a function less is what it is about",
    "pykafka/options.py": "tables: each option is declared in one place",
}

#: Generated files: their generator is what has a shape.
GENERATED: set[str] = set()


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of code: 2.x signatures and docstrings are long for good reason."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    if not body:
        return 0
    return (function.end_lineno or 0) - body[0].lineno + 1


def _too_large(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    sizes = {_name(path): (source.count("\n"), SOFT_MODULE, HARD_MODULE)}
    for function in _functions(ast.parse(source)):
        lines = _body_lines(function)
        sizes[f"{_name(path)}:{function.name}"] = (lines, SOFT_FUNCTION, HARD_FUNCTION)
    for name, (lines, soft, hard) in sizes.items():
        if lines > (hard if name in LARGER else soft):
            yield f"{name} has {lines} lines; {soft} are the limit, {hard} with a reason in LARGER"


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_modules_and_functions_are_small(path: Path) -> None:
    if _name(path) in GENERATED:
        return
    assert not (problems := list(_too_large(path))), "\n".join(problems)


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_each_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "no docstring"


def _is_overload(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list
    )


@pytest.mark.parametrize("path", PACKAGE, ids=_name)
def test_each_public_class_and_function_says_what_it_does(path: Path) -> None:
    """But for the structures of the wire, whose fields are what there is to say."""
    if path.name.startswith("_") or path.parent.name == "messages":
        return
    bare = [
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and not _is_overload(node)
        and not ast.get_docstring(node)
    ]
    assert not bare, f"public without a docstring: {bare}"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException"))
        for name in names
    )


def _logs_exception(handler: ast.ExceptHandler) -> bool:
    """Whether it logs the traceback: not silent, and ruff does not ask for a word either."""
    calls = [node.func for node in ast.walk(handler) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr == "exception" for call in calls)


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_nothing_catches_everything_silently(path: Path) -> None:
    """A catch-all passes the error on, or its line says why it may not (``BLE001 - why``)."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    silent = [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and _catches_all(node)
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        and "BLE001 - " not in lines[node.lineno - 1]
        and not _logs_exception(node)
    ]
    assert not silent, f"{_name(path)}: catch-all in lines {silent}"


#: A check that is switched off names the check and the reason ("no-any-return" is its own:
#: the library has no annotations).
UNREASONED = [
    re.compile(r"# type: ignore(?!\[no-any-return\]|\[[a-z-, ]+\]  # \S)"),
    re.compile(r"# noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* - \S)"),
    re.compile(r"# (ruff|mypy|pragma): ?(?!.* - \S)"),
    re.compile(r"\b(TODO|FIXME|XXX)\b(?! ?\(?#\d)"),
]


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_what_is_switched_off_or_left_open_says_why(path: Path) -> None:
    if path == Path(__file__).resolve():
        return
    problems = [
        f"{_name(path)}:{number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        # Tests pass wrong types on purpose, all the time.
        if any(pattern.search(line) for pattern in UNREASONED[path not in PACKAGE :])
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", PACKAGE, ids=_name)
def test_the_package_is_plain_ascii(path: Path) -> None:
    path.read_text(encoding="ascii")


def test_the_exceptions_to_the_limits_are_needed() -> None:
    for entry, reason in LARGER.items():
        assert reason.strip(), entry
        name, _, function = entry.partition(":")
        source = (ROOT / name).read_text(encoding="utf-8")
        lines = [
            _body_lines(node) for node in _functions(ast.parse(source)) if node.name == function
        ]
        size = max(lines) if function else source.count("\n")
        assert size > (SOFT_FUNCTION if function else SOFT_MODULE), f"{entry} is small by now"
