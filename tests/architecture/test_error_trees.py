import importlib
import re

import pytest

NODE = re.compile(r"^([ │├└─]*)([A-Z]\w+)", re.MULTILINE)


def drawn(docstring):
    """Each class of the drawing with its parent; None for the root."""
    path, parents = {}, {}
    for branch, name in NODE.findall(docstring[docstring.index("\n") :]):
        path = {column: node for column, node in path.items() if column < len(branch)}
        if path or not parents:
            parents[name] = path[max(path)] if path else None
            path[len(branch)] = name
    return parents


def defined(module):
    """Each class of the module with its base."""
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    return {
        each.__name__: each.__base__.__name__
        for each in classes
        if each.__module__ == module.__name__ and issubclass(each, Exception)
    }


@pytest.mark.parametrize("name", ["app", "benchmarks", "likewise_client", "model", "training"])
def test_the_drawn_tree_of_errors_is_that_of_the_classes(name):
    module = importlib.import_module(f"{name}.errors")
    parents = drawn(module.__doc__)
    root = next(iter(parents))
    classes = defined(module)
    if root not in classes:  # It is another package's.
        del parents[root]
    else:
        parents[root] = "Exception"
    assert parents == classes
