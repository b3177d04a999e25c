"""`recipes`: public encoders that can be adopted by name."""

from typing import Annotated

import typer

from training.adoption.recipe import Recipe, load_recipe, recipe_names
from training.adoption.stored_figures import figures_file
from training.console import console


def run(
    name: Annotated[str | None, typer.Argument(help="A recipe, to see the whole of it.")] = None,
) -> None:
    """List the recipes of public encoders, or show one."""
    if name is not None:
        for member, text in _members(load_recipe(name)).items():
            console.print(f"{member}: {text}", highlight=False, markup=False, soft_wrap=True)
        return
    for known in recipe_names():
        console.print(f"{known}  {load_recipe(known).summary}", highlight=False, markup=False)


def _members(recipe: Recipe) -> dict[str, str]:
    package, points = recipe.package, recipe.template
    stored = figures_file(recipe).exists()
    return {
        "recipe": recipe.name,
        "summary": recipe.summary,
        "for": recipe.intended_use,
        "not for": recipe.not_for,
        "package": f"{package}, {package.archive.bytes:,} bytes, sha256 {package.archive.sha256}",
        "files": ", ".join(f"{file.path} (sha256 {file.sha256})" for file in package.files),
        "converted graph": f"sha256 {recipe.graph_sha256}",
        "input": recipe.declared.in_words,
        "metric": f"{recipe.metric}{', unit length' if recipe.answer.normalise else ''}",
        "locator": recipe.locator or "none",
        "template": "none" if points is None else "; ".join(f"{x:g}, {y:g}" for x, y in points),
        "licence": recipe.licence,
        "training data": recipe.training_data,
        "without --data": "figures stored here" if stored else "none stored: --data is needed",
    }
