from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.benchmark import Benchmark
    from ..models.curve import Curve
    from ..models.sample_size import SampleSize


T = TypeVar("T", bound="Accuracy")


@_attrs_define
class Accuracy:
    """What was measured, once, on the test subjects, which no choice has touched.

    Attributes:
        protocol (str):
        sample (SampleSize): How much stands behind a measurement.
        eer (float):
        eer_threshold (float):
        cllr (float):
        min_cllr (float):
        curve (Curve): Error rates on the test subjects at rising thresholds, from all refused to all accepted.
        benchmarks (list[Benchmark] | Unset):
    """

    protocol: str
    sample: SampleSize
    eer: float
    eer_threshold: float
    cllr: float
    min_cllr: float
    curve: Curve
    benchmarks: list[Benchmark] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        protocol = self.protocol

        sample = self.sample.to_dict()

        eer = self.eer

        eer_threshold = self.eer_threshold

        cllr = self.cllr

        min_cllr = self.min_cllr

        curve = self.curve.to_dict()

        benchmarks: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.benchmarks, Unset):
            benchmarks = []
            for benchmarks_item_data in self.benchmarks:
                benchmarks_item = benchmarks_item_data.to_dict()
                benchmarks.append(benchmarks_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "protocol": protocol,
                "sample": sample,
                "eer": eer,
                "eer_threshold": eer_threshold,
                "cllr": cllr,
                "min_cllr": min_cllr,
                "curve": curve,
            }
        )
        if benchmarks is not UNSET:
            field_dict["benchmarks"] = benchmarks

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.benchmark import Benchmark
        from ..models.curve import Curve
        from ..models.sample_size import SampleSize

        d = dict(src_dict)
        protocol = d.pop("protocol")

        sample = SampleSize.from_dict(d.pop("sample"))

        eer = d.pop("eer")

        eer_threshold = d.pop("eer_threshold")

        cllr = d.pop("cllr")

        min_cllr = d.pop("min_cllr")

        curve = Curve.from_dict(d.pop("curve"))

        _benchmarks = d.pop("benchmarks", UNSET)
        benchmarks: list[Benchmark] | Unset = UNSET
        if _benchmarks is not UNSET:
            benchmarks = []
            for benchmarks_item_data in _benchmarks:
                benchmarks_item = Benchmark.from_dict(benchmarks_item_data)

                benchmarks.append(benchmarks_item)

        accuracy = cls(
            protocol=protocol,
            sample=sample,
            eer=eer,
            eer_threshold=eer_threshold,
            cllr=cllr,
            min_cllr=min_cllr,
            curve=curve,
            benchmarks=benchmarks,
        )

        return accuracy
