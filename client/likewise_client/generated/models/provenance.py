from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.calibration_source import CalibrationSource
    from ..models.initial_weights import InitialWeights
    from ..models.provenance_libraries import ProvenanceLibraries


T = TypeVar("T", bound="Provenance")


@_attrs_define
class Provenance:
    """Where the weights come from, and the calibration where it was done anew.

    `renewed_by` is the command that exported the bundle again from its own graph, where one did.

        Attributes:
            data (str):
            data_sha256 (str):
            config (str):
            config_json (str):
            seed (int):
            command (str):
            git_revision (str):
            trained_at (str):
            training_seconds (float):
            parameters (int):
            train_identities (int):
            train_images (int):
            libraries (ProvenanceLibraries):
            initial_weights (InitialWeights | None | Unset):
            teacher (InitialWeights | None | Unset):
            calibrated_on (CalibrationSource | None | Unset):
            renewed_by (None | str | Unset):
    """

    data: str
    data_sha256: str
    config: str
    config_json: str
    seed: int
    command: str
    git_revision: str
    trained_at: str
    training_seconds: float
    parameters: int
    train_identities: int
    train_images: int
    libraries: ProvenanceLibraries
    initial_weights: InitialWeights | None | Unset = UNSET
    teacher: InitialWeights | None | Unset = UNSET
    calibrated_on: CalibrationSource | None | Unset = UNSET
    renewed_by: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.calibration_source import CalibrationSource
        from ..models.initial_weights import InitialWeights

        data = self.data

        data_sha256 = self.data_sha256

        config = self.config

        config_json = self.config_json

        seed = self.seed

        command = self.command

        git_revision = self.git_revision

        trained_at = self.trained_at

        training_seconds = self.training_seconds

        parameters = self.parameters

        train_identities = self.train_identities

        train_images = self.train_images

        libraries = self.libraries.to_dict()

        initial_weights: dict[str, Any] | None | Unset
        if isinstance(self.initial_weights, Unset):
            initial_weights = UNSET
        elif isinstance(self.initial_weights, InitialWeights):
            initial_weights = self.initial_weights.to_dict()
        else:
            initial_weights = self.initial_weights

        teacher: dict[str, Any] | None | Unset
        if isinstance(self.teacher, Unset):
            teacher = UNSET
        elif isinstance(self.teacher, InitialWeights):
            teacher = self.teacher.to_dict()
        else:
            teacher = self.teacher

        calibrated_on: dict[str, Any] | None | Unset
        if isinstance(self.calibrated_on, Unset):
            calibrated_on = UNSET
        elif isinstance(self.calibrated_on, CalibrationSource):
            calibrated_on = self.calibrated_on.to_dict()
        else:
            calibrated_on = self.calibrated_on

        renewed_by: None | str | Unset
        if isinstance(self.renewed_by, Unset):
            renewed_by = UNSET
        else:
            renewed_by = self.renewed_by

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "data": data,
                "data_sha256": data_sha256,
                "config": config,
                "config_json": config_json,
                "seed": seed,
                "command": command,
                "git_revision": git_revision,
                "trained_at": trained_at,
                "training_seconds": training_seconds,
                "parameters": parameters,
                "train_identities": train_identities,
                "train_images": train_images,
                "libraries": libraries,
            }
        )
        if initial_weights is not UNSET:
            field_dict["initial_weights"] = initial_weights
        if teacher is not UNSET:
            field_dict["teacher"] = teacher
        if calibrated_on is not UNSET:
            field_dict["calibrated_on"] = calibrated_on
        if renewed_by is not UNSET:
            field_dict["renewed_by"] = renewed_by

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.calibration_source import CalibrationSource
        from ..models.initial_weights import InitialWeights
        from ..models.provenance_libraries import ProvenanceLibraries

        d = dict(src_dict)
        data = d.pop("data")

        data_sha256 = d.pop("data_sha256")

        config = d.pop("config")

        config_json = d.pop("config_json")

        seed = d.pop("seed")

        command = d.pop("command")

        git_revision = d.pop("git_revision")

        trained_at = d.pop("trained_at")

        training_seconds = d.pop("training_seconds")

        parameters = d.pop("parameters")

        train_identities = d.pop("train_identities")

        train_images = d.pop("train_images")

        libraries = ProvenanceLibraries.from_dict(d.pop("libraries"))

        def _parse_initial_weights(data: object) -> InitialWeights | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                initial_weights_type_0 = InitialWeights.from_dict(data)

                return initial_weights_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(InitialWeights | None | Unset, data)

        initial_weights = _parse_initial_weights(d.pop("initial_weights", UNSET))

        def _parse_teacher(data: object) -> InitialWeights | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                teacher_type_0 = InitialWeights.from_dict(data)

                return teacher_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(InitialWeights | None | Unset, data)

        teacher = _parse_teacher(d.pop("teacher", UNSET))

        def _parse_calibrated_on(data: object) -> CalibrationSource | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                calibrated_on_type_0 = CalibrationSource.from_dict(data)

                return calibrated_on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CalibrationSource | None | Unset, data)

        calibrated_on = _parse_calibrated_on(d.pop("calibrated_on", UNSET))

        def _parse_renewed_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        renewed_by = _parse_renewed_by(d.pop("renewed_by", UNSET))

        provenance = cls(
            data=data,
            data_sha256=data_sha256,
            config=config,
            config_json=config_json,
            seed=seed,
            command=command,
            git_revision=git_revision,
            trained_at=trained_at,
            training_seconds=training_seconds,
            parameters=parameters,
            train_identities=train_identities,
            train_images=train_images,
            libraries=libraries,
            initial_weights=initial_weights,
            teacher=teacher,
            calibrated_on=calibrated_on,
            renewed_by=renewed_by,
        )

        return provenance
