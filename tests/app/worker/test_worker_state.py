import pytest

from app.worker.worker_state import WorkerStates


@pytest.fixture(
    params=[WorkerStates.alone, lambda: WorkerStates.shared(2)], ids=["alone", "shared"]
)
def worker_states(request):
    return request.param()


def test_it_is_ready_when_every_worker_is(worker_states):
    for worker in range(worker_states.workers):
        assert not worker_states.all_ready
        assert worker_states.ready == worker
        worker_states.for_worker(worker).mark_ready()
    assert worker_states.all_ready


def test_one_worker_that_rests_or_leaves_makes_the_whole_not_ready():
    worker_states = WorkerStates.shared(3)
    workers = [worker_states.for_worker(worker) for worker in range(3)]
    for worker in workers:
        worker.mark_ready()
    workers[1].mark_not_ready()
    assert (worker_states.ready, worker_states.all_ready) == (2, False)
    workers[1].mark_ready()
    workers[2].stop()
    assert (worker_states.ready, worker_states.all_ready) == (2, False)
    assert [worker.is_stopping for worker in workers] == [False, False, True]


def test_a_beat_does_not_make_a_worker_that_leaves_ready_again(worker_states):
    worker_states.mark_ready()
    worker_states.stop()
    worker_states.mark_ready()
    assert not worker_states.all_ready
    worker_states.reset()
    assert not worker_states.is_stopping


def test_all_can_be_told_to_leave():
    worker_states = WorkerStates.shared(2)
    worker_states.stop_all()
    assert all(worker_states.for_worker(worker).is_stopping for worker in range(2))


def test_a_reload_is_asked_of_every_worker():
    worker_states = WorkerStates.shared(2)
    worker_states.request_reload()
    assert worker_states.for_worker(1).reloads == 1
    assert not worker_states.for_worker(1).is_stopping
