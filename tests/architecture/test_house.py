"""Sizes of files, packages and functions, and the first lines of docstrings."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ["app", "bulk", "model", "training", "client", "scripts", "benchmarks"]
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)  # benchmarks/.venvs
)
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_MODULES = 300, 45, 15
MANY_ALIKE = {"training/commands", "training/configs"}
"""Packages of which every module is one entry of a list."""
NOT_FIRST = frozenset(
    ("what", "how", "of", "where", "whether", "whom", "who", "that", "those", "which", "when")
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path):
    return str(path.relative_to(ROOT))


@dataclass(frozen=True)
class Definition:
    """A module, class or function: its place and name, its lines, its docstring's first line."""

    name: str
    kind: type[ast.AST]
    lines: int
    first: str


@pytest.fixture(scope="module")
def definitions():
    """Those of all files, each of which is parsed once."""
    return [definition for path in FILES for definition in defined_in(path)]


def defined_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
            start, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
            name = f"{name_of(path)}:{start} {getattr(node, 'name', 'module')}"
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            yield Definition(name, type(node), end - start + 1, first)


def test_a_file_is_read_in_one_go():
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES}
    assert len(lengths) > 600
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_a_function_fits_a_screen(definitions):
    lengths = {each.name: each.lines for each in definitions if each.kind in FUNCTIONS}
    assert len(lengths) > 2000
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_a_docstring_begins_with_a_verb_or_a_noun(definitions):
    firsts = {each.name: each.first for each in definitions if each.first}
    assert len(firsts) > 2000
    assert {
        name: line
        for name, line in firsts.items()
        if line.split()[0].lower().strip(",:") in NOT_FIRST
    } == {}


def test_a_package_has_few_modules():
    packages = sorted({path.parent for path in FILES} - {ROOT / name for name in MANY_ALIKE})
    counts = {
        name_of(package): len([file for file in package.glob("*.py") if file.stem != "__init__"])
        for package in packages
    }
    assert {name: count for name, count in counts.items() if count > MAX_MODULES} == {}
