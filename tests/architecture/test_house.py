"""Sizes of files, packages and functions, and the first lines of docstrings."""

import ast
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


def nodes(path, *kinds):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_read_in_one_go(path):
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_fits_a_screen(path):
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in nodes(path, *FUNCTIONS)
        if node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_docstring_begins_with_a_verb_or_a_noun(path):
    texts = [ast.get_docstring(node) for node in nodes(path, ast.Module, ast.ClassDef, *FUNCTIONS)]
    firsts = [text.splitlines()[0] for text in texts if text]
    assert [line for line in firsts if line.split()[0].lower().strip(",:") in NOT_FIRST] == []


def test_a_package_has_few_modules():
    packages = sorted({path.parent for path in FILES} - {ROOT / name for name in MANY_ALIKE})
    counts = {
        name_of(package): len([file for file in package.glob("*.py") if file.stem != "__init__"])
        for package in packages
    }
    assert {name: count for name, count in counts.items() if count > MAX_MODULES} == {}
