"""The form that a call takes: one declaration for the parser and for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from app.api.bodies.multipart import Expected
from app.settings import Settings

FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
"""The schema of an image's bytes."""


@dataclass(frozen=True, eq=False)
class FormParts:
    """The parts of a form.

    Attributes:
        images: The name of each image part, with its description.
        parameters: The model whose fields are the text parts.
        several: Whether several images may come under one name.
        templates: Whether several may come under each name, though one is usual, and no more than
            the settings allow in all.
    """

    images: Mapping[str, str]
    parameters: type[BaseModel]
    several: bool = False
    templates: bool = False

    def expected(self, settings: Settings) -> Expected:
        """Return the parts for the parser, with the bounds of the settings."""
        return _expected(self, settings.max_images, settings.max_image_bytes)

    def most_images(self, settings: Settings) -> int:
        """Return the number of images that may come in all, where `templates` is set."""
        return _most(self, settings.max_images)

    def schema(self) -> dict[str, Any]:
        """Return the schema for the OpenAPI document."""
        files = {"type": "array", "items": FILE, "minItems": 1} if self.several else FILE
        images = {name: {**files, "description": text} for name, text in self.images.items()}
        return {
            "type": "object",
            "required": list(images),
            "properties": {**images, **self.parameters.model_json_schema()["properties"]},
        }


def _most(parts: FormParts, max_images: int) -> int:
    return max(len(parts.images), max_images)


@lru_cache(maxsize=64)
def _expected(parts: FormParts, max_images: int, max_bytes: int) -> Expected:
    """Return the same object for every request: it is immutable."""
    fields = frozenset(parts.parameters.model_fields)
    if parts.templates:
        most = _most(parts, max_images)
        of_a_name = dict.fromkeys(parts.images, most - len(parts.images) + 1)
        return Expected(of_a_name, fields, max_bytes, most)
    of_a_name = dict.fromkeys(parts.images, max_images if parts.several else 1)
    return Expected(of_a_name, fields, max_bytes)
