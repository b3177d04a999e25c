"""Self-check of a bundle's graph before its first run, in a bounded child process (decision 36)."""

from model.bounded_run import limits_for, run_bounded
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import check_golden, check_golden_candidates, check_golden_pairs
from model.manifest import Kind
from training.inference.onnx_runtime import FAILURES, OnnxEncoder, OnnxLocator, OnnxScorer


def check_graph(bundle: Bundle) -> None:
    """Run the golden self-check of a bundle that this process has not exported itself.

    Raises:
        SelfCheckError: The graph does not compute what the manifest promises, or takes too long or
            too much memory to do so.
    """
    run_bounded(
        lambda: _check(bundle), limits_for(bundle.onnx), f"the self-check of {bundle.folder}"
    )


def _check(bundle: Bundle) -> None:
    golden, spec = bundle.manifest.golden, bundle.manifest.input
    try:
        if bundle.manifest.kind is Kind.PAIR:
            check_golden_pairs(golden, spec, OnnxScorer(bundle.onnx).score)
        else:
            check_golden(golden, spec, OnnxEncoder(bundle.onnx).embed)
        if bundle.manifest.locator is not None and bundle.locator is not None:
            find = OnnxLocator(bundle.locator).find
            check_golden_candidates(bundle.manifest.locator.golden, find)
    except (*FAILURES, ValueError) as error:  # ValueError: another number of inputs.
        raise SelfCheckError(f"{bundle.folder}: its graph cannot be run: {error}") from error
