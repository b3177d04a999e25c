from __future__ import annotations

from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Self,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define

from ..models.kind import Kind
from ..models.metric import Metric
from ..models.split_by import SplitBy
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.accuracy import Accuracy
    from ..models.calibration import Calibration
    from ..models.card import Card
    from ..models.golden import Golden
    from ..models.input_spec import InputSpec
    from ..models.onnx_file import OnnxFile
    from ..models.provenance import Provenance


T = TypeVar("T", bound="Manifest")


@_attrs_define
class Manifest:
    """The whole of `manifest.json`.

    Attributes:
        name (str):
        version (str):
        kind (Kind): What the graph computes.
        input_ (InputSpec): The tensor that the graph takes: uint8, shape (N, height, width, channels).
        metric (Metric): How two embeddings become an energy. Under each of them small means same.
        embedding_dim (int):
        onnx (OnnxFile): The graph beside the manifest.
        golden (Golden): The self-check: what the graph answers for the golden image (see `model.golden`).

            For a pair model (formula `ramp-1-pairs`) `embedding` holds the energies of the golden pairs.
        calibration (Calibration): What was chosen on the calibration subjects.

            `default` indexes `operating_points`: the one that a request gets which asks for none.
        accuracy (Accuracy): What was measured, once, on the test subjects, which no choice has touched.
        provenance (Provenance): Where the weights come from, and the calibration where it was done anew.

            `renewed_by` is the command that exported the bundle again from its own graph, where one did.
        card (Card): What a person should read before trusting the bundle.
        schema_version (Literal[1] | Unset):  Default: 1.
        split_sha256 (None | str | Unset):
        split_by (SplitBy | Unset): What the parts that were trained, calibrated and tested on do not share.
    """

    name: str
    version: str
    kind: Kind
    input_: InputSpec
    metric: Metric
    embedding_dim: int
    onnx: OnnxFile
    golden: Golden
    calibration: Calibration
    accuracy: Accuracy
    provenance: Provenance
    card: Card
    schema_version: Literal[1] | Unset = 1
    split_sha256: None | str | Unset = UNSET
    split_by: SplitBy | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        kind = self.kind.value

        input_ = self.input_.to_dict()

        metric = self.metric.value

        embedding_dim = self.embedding_dim

        onnx = self.onnx.to_dict()

        golden = self.golden.to_dict()

        calibration = self.calibration.to_dict()

        accuracy = self.accuracy.to_dict()

        provenance = self.provenance.to_dict()

        card = self.card.to_dict()

        schema_version = self.schema_version

        split_sha256: None | str | Unset
        if isinstance(self.split_sha256, Unset):
            split_sha256 = UNSET
        else:
            split_sha256 = self.split_sha256

        split_by: str | Unset = UNSET
        if not isinstance(self.split_by, Unset):
            split_by = self.split_by.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "version": version,
                "kind": kind,
                "input": input_,
                "metric": metric,
                "embedding_dim": embedding_dim,
                "onnx": onnx,
                "golden": golden,
                "calibration": calibration,
                "accuracy": accuracy,
                "provenance": provenance,
                "card": card,
            }
        )
        if schema_version is not UNSET:
            field_dict["schema_version"] = schema_version
        if split_sha256 is not UNSET:
            field_dict["split_sha256"] = split_sha256
        if split_by is not UNSET:
            field_dict["split_by"] = split_by

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.accuracy import Accuracy
        from ..models.calibration import Calibration
        from ..models.card import Card
        from ..models.golden import Golden
        from ..models.input_spec import InputSpec
        from ..models.onnx_file import OnnxFile
        from ..models.provenance import Provenance

        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version")

        kind = Kind(d.pop("kind"))

        input_ = InputSpec.from_dict(d.pop("input"))

        metric = Metric(d.pop("metric"))

        embedding_dim = d.pop("embedding_dim")

        onnx = OnnxFile.from_dict(d.pop("onnx"))

        golden = Golden.from_dict(d.pop("golden"))

        calibration = Calibration.from_dict(d.pop("calibration"))

        accuracy = Accuracy.from_dict(d.pop("accuracy"))

        provenance = Provenance.from_dict(d.pop("provenance"))

        card = Card.from_dict(d.pop("card"))

        schema_version = cast(Literal[1] | Unset, d.pop("schema_version", UNSET))
        if schema_version != 1 and not isinstance(schema_version, Unset):
            raise ValueError(f"schema_version must match const 1, got '{schema_version}'")

        def _parse_split_sha256(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        split_sha256 = _parse_split_sha256(d.pop("split_sha256", UNSET))

        _split_by = d.pop("split_by", UNSET)
        split_by: SplitBy | Unset
        if isinstance(_split_by, Unset):
            split_by = UNSET
        else:
            split_by = SplitBy(_split_by)

        manifest = cls(
            name=name,
            version=version,
            kind=kind,
            input_=input_,
            metric=metric,
            embedding_dim=embedding_dim,
            onnx=onnx,
            golden=golden,
            calibration=calibration,
            accuracy=accuracy,
            provenance=provenance,
            card=card,
            schema_version=schema_version,
            split_sha256=split_sha256,
            split_by=split_by,
        )

        return manifest
