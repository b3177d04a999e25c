"""The form that a call takes: one declaration for the parser and for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.api.bodies.multipart import Expected
from app.settings import Settings

FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
"""The schema of an image's bytes."""


@dataclass(frozen=True)
class FormParts:
    """The parts of a form.

    Attributes:
        images: The name of each image part, with its description.
        parameters: The model whose fields are the text parts.
        several: Whether several images may come under one name.
    """

    images: Mapping[str, str]
    parameters: type[BaseModel]
    several: bool = False

    def expected(self, settings: Settings) -> Expected:
        """Return the parts for the parser, with the bounds of the settings."""
        return Expected(
            dict.fromkeys(self.images, settings.max_images if self.several else 1),
            frozenset(self.parameters.model_fields),
            settings.max_image_bytes,
        )

    def schema(self) -> dict[str, Any]:
        """Return the schema for the OpenAPI document."""
        files = {"type": "array", "items": FILE, "minItems": 1} if self.several else FILE
        images = {name: {**files, "description": text} for name, text in self.images.items()}
        return {
            "type": "object",
            "required": list(images),
            "properties": {**images, **self.parameters.model_json_schema()["properties"]},
        }
