"""Contains all the data models used in inputs/outputs"""

from .accuracy import Accuracy
from .aspect import Aspect
from .benchmark import Benchmark
from .calibration import Calibration
from .calibration_source import CalibrationSource
from .card import Card
from .compare_answer import CompareAnswer
from .compare_json_compare_json import CompareJsonCompareJson
from .curve import Curve
from .embed_answer import EmbedAnswer
from .embed_files_body import EmbedFilesBody
from .error_rates import ErrorRates
from .golden import Golden
from .golden_formula import GoldenFormula
from .health import Health
from .histogram import Histogram
from .initial_weights import InitialWeights
from .input_spec import InputSpec
from .input_spec_channels import InputSpecChannels
from .kind import Kind
from .likelihood_ratio import LikelihoodRatio
from .manifest import Manifest
from .metric import Metric
from .model_list import ModelList
from .model_reference import ModelReference
from .model_summary import ModelSummary
from .onnx_file import OnnxFile
from .operating_point import OperatingPoint
from .operating_point_answer import OperatingPointAnswer
from .operating_point_offer import OperatingPointOffer
from .preview_files_body import PreviewFilesBody
from .problem import Problem
from .provenance import Provenance
from .provenance_libraries import ProvenanceLibraries
from .refused_model import RefusedModel
from .sample_size import SampleSize
from .split_by import SplitBy
from .verify_answer import VerifyAnswer
from .verify_files_body import VerifyFilesBody
from .verify_json_pair_json import VerifyJsonPairJson

__all__ = (
    "Accuracy",
    "Aspect",
    "Benchmark",
    "Calibration",
    "CalibrationSource",
    "Card",
    "CompareAnswer",
    "CompareJsonCompareJson",
    "Curve",
    "EmbedAnswer",
    "EmbedFilesBody",
    "ErrorRates",
    "Golden",
    "GoldenFormula",
    "Health",
    "Histogram",
    "InitialWeights",
    "InputSpec",
    "InputSpecChannels",
    "Kind",
    "LikelihoodRatio",
    "Manifest",
    "Metric",
    "ModelList",
    "ModelReference",
    "ModelSummary",
    "OnnxFile",
    "OperatingPoint",
    "OperatingPointAnswer",
    "OperatingPointOffer",
    "PreviewFilesBody",
    "Problem",
    "Provenance",
    "ProvenanceLibraries",
    "RefusedModel",
    "SampleSize",
    "SplitBy",
    "VerifyAnswer",
    "VerifyFilesBody",
    "VerifyJsonPairJson",
)
