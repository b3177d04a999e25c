from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="CalibrationSource")


@_attrs_define
class CalibrationSource:
    """On what a bundle was calibrated anew, where that is not the data that it was exported with.

    `of` is the bundle whose graph this is, by name and version.

        Attributes:
            of (str):
            data (str):
            data_sha256 (str):
            seed (int):
            command (str):
            git_revision (str):
            calibrated_at (str):
    """

    of: str
    data: str
    data_sha256: str
    seed: int
    command: str
    git_revision: str
    calibrated_at: str

    def to_dict(self) -> dict[str, Any]:
        of = self.of

        data = self.data

        data_sha256 = self.data_sha256

        seed = self.seed

        command = self.command

        git_revision = self.git_revision

        calibrated_at = self.calibrated_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "of": of,
                "data": data,
                "data_sha256": data_sha256,
                "seed": seed,
                "command": command,
                "git_revision": git_revision,
                "calibrated_at": calibrated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        of = d.pop("of")

        data = d.pop("data")

        data_sha256 = d.pop("data_sha256")

        seed = d.pop("seed")

        command = d.pop("command")

        git_revision = d.pop("git_revision")

        calibrated_at = d.pop("calibrated_at")

        calibration_source = cls(
            of=of,
            data=data,
            data_sha256=data_sha256,
            seed=seed,
            command=command,
            git_revision=git_revision,
            calibrated_at=calibrated_at,
        )

        return calibration_source
