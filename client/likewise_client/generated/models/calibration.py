from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.histogram import Histogram
    from ..models.likelihood_ratio import LikelihoodRatio
    from ..models.operating_point import OperatingPoint
    from ..models.sample_size import SampleSize


T = TypeVar("T", bound="Calibration")


@_attrs_define
class Calibration:
    """What was chosen on the calibration subjects.

    `default` indexes `operating_points`: the one that a request gets which asks for none.

        Attributes:
            sample (SampleSize): How much stands behind a measurement.
            operating_points (list[OperatingPoint]):
            default (int):
            eer (float):
            likelihood_ratio (LikelihoodRatio): log10 LR = intercept + slope · energy, held within [log10_min, log10_max].

                The bounds keep the ratio from claiming more than the number of calibration subjects can bear.
            cllr (float):
            min_cllr (float):
            histogram (Histogram): Shares of the energies between consecutive `edges`, for each kind of pair.
    """

    sample: SampleSize
    operating_points: list[OperatingPoint]
    default: int
    eer: float
    likelihood_ratio: LikelihoodRatio
    cllr: float
    min_cllr: float
    histogram: Histogram

    def to_dict(self) -> dict[str, Any]:
        sample = self.sample.to_dict()

        operating_points = []
        for operating_points_item_data in self.operating_points:
            operating_points_item = operating_points_item_data.to_dict()
            operating_points.append(operating_points_item)

        default = self.default

        eer = self.eer

        likelihood_ratio = self.likelihood_ratio.to_dict()

        cllr = self.cllr

        min_cllr = self.min_cllr

        histogram = self.histogram.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sample": sample,
                "operating_points": operating_points,
                "default": default,
                "eer": eer,
                "likelihood_ratio": likelihood_ratio,
                "cllr": cllr,
                "min_cllr": min_cllr,
                "histogram": histogram,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.histogram import Histogram
        from ..models.likelihood_ratio import LikelihoodRatio
        from ..models.operating_point import OperatingPoint
        from ..models.sample_size import SampleSize

        d = dict(src_dict)
        sample = SampleSize.from_dict(d.pop("sample"))

        operating_points = []
        _operating_points = d.pop("operating_points")
        for operating_points_item_data in _operating_points:
            operating_points_item = OperatingPoint.from_dict(operating_points_item_data)

            operating_points.append(operating_points_item)

        default = d.pop("default")

        eer = d.pop("eer")

        likelihood_ratio = LikelihoodRatio.from_dict(d.pop("likelihood_ratio"))

        cllr = d.pop("cllr")

        min_cllr = d.pop("min_cllr")

        histogram = Histogram.from_dict(d.pop("histogram"))

        calibration = cls(
            sample=sample,
            operating_points=operating_points,
            default=default,
            eer=eer,
            likelihood_ratio=likelihood_ratio,
            cllr=cllr,
            min_cllr=min_cllr,
            histogram=histogram,
        )

        return calibration
