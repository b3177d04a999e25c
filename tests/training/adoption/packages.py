"""A toy recipe, and the archive of its package as each registry has it."""

import io
import tarfile
import zipfile

from model.bundle import sha256
from tests.training.adoption import graphs
from training.adoption.declaration import Declaration
from training.adoption.recipe import Package, PackedFile, Recipe, Registry

GRAPH = graphs.projection(16)
INNER = {Registry.NPM: "package/model.onnx", Registry.PYPI: "toy/model.onnx"}


def npm_archive(name=INNER[Registry.NPM], data=GRAPH):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


def wheel(name=INNER[Registry.PYPI], data=GRAPH):
    """A wheel that pip takes."""
    info = "toy_encoder-1.2.0.dist-info"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-encoder\nVersion: 1.2.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return file.getvalue()


ARCHIVES = {Registry.NPM: npm_archive(), Registry.PYPI: wheel()}


def package(registry, archive):
    inner = INNER[registry]
    return Package(
        registry=registry,
        name="toy-encoder",
        version="1.2.0",
        archive=PackedFile("toy", len(archive), sha256(archive)),
        files=(PackedFile(inner, len(GRAPH), sha256(GRAPH)),),
    )


def recipe(registry=Registry.NPM, archive=None):
    return Recipe(
        name="toy",
        summary="A projection.",
        intended_use="Patterns.",
        not_for="Else.",
        package=package(registry, archive or ARCHIVES[registry]),
        convert=lambda files: files[INNER[registry]],
        graph_sha256=sha256(GRAPH),
        declared=Declaration(mean=(127.5,), std=(127.5,), source="recipe toy"),
        licence="Public domain.",
        training_data="by its author's word: none",
    )
