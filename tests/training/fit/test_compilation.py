import shutil

import pytest

from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, state, trainer
from training.errors import ConfigError
from training.fit.compilation import check_compiler, compiled

# The first import of PyTorch's own modules warns.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")


def test_a_compiled_run_has_the_losses_of_an_eager_one_and_the_same_checkpoint(folder, tmp_path):
    progresses = {}
    for is_compiled in (False, True):
        config = synthetic.chopra(epochs=2, compiled=is_compiled)
        made = trainer(config, folder, tmp_path / f"{is_compiled}")
        if is_compiled:
            assert made.outputs != made.objective.outputs
            # Traces and differentiates like `inductor`, without half a minute of C++.
            made.outputs = compiled(made.objective.outputs, backend="aot_eager")
        progresses[is_compiled] = FakeProgress()
        made.fit(progresses[is_compiled])
    eager, fast = progresses[False], progresses[True]
    assert fast.losses == pytest.approx(eager.losses, rel=1e-3)
    assert fast.losses[-1] != fast.losses[0]
    names = [list(state(tmp_path / f"{which}")["encoder"]) for which in (False, True)]
    assert names[0] == names[1]


def test_only_the_step_is_compiled(folder, tmp_path):
    made = trainer(synthetic.chopra(epochs=1), folder, tmp_path / "run")
    graphs = []

    def counting(graph, _):
        graphs.append(graph)
        return graph.forward

    made.outputs = compiled(made.objective.outputs, backend=counting)
    made.fit(FakeProgress())
    assert len(graphs) == 1  # Compiled measurements would add graphs for their batch sizes.


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler g++")
def test_where_there_is_a_compiler_it_is_found():
    check_compiler()


def test_without_a_compiler_a_training_is_refused_with_advice(folder, tmp_path):
    import torch._inductor.config as inductor  # noqa: PLC0415 (takes a second to import)

    config = synthetic.chopra(compiled=True)
    with (
        inductor.patch({"cpp.cxx": ("/nowhere/c++",)}),
        pytest.raises(ConfigError, match="train without compiled=true"),
    ):
        synthetic.train(config, folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()
