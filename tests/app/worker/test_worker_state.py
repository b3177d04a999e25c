import pytest

from app.worker.worker_state import Board


@pytest.fixture(params=[Board.alone, lambda: Board.shared(2)], ids=["alone", "shared"])
def board(request):
    return request.param()


def test_it_is_ready_when_every_worker_is(board):
    for worker in range(board.workers):
        assert not board.all_ready
        assert board.ready == worker
        board.for_worker(worker).beat()
    assert board.all_ready


def test_one_worker_that_rests_or_leaves_makes_the_whole_not_ready():
    board = Board.shared(3)
    workers = [board.for_worker(worker) for worker in range(3)]
    for worker in workers:
        worker.beat()
    workers[1].rest()
    assert (board.ready, board.all_ready) == (2, False)
    workers[1].beat()
    workers[2].leave()
    assert (board.ready, board.all_ready) == (2, False)
    assert [worker.leaving for worker in workers] == [False, False, True]


def test_a_beat_does_not_make_a_worker_that_leaves_ready_again(board):
    board.beat()
    board.leave()
    board.beat()
    assert not board.all_ready
    board.reset()
    assert not board.leaving


def test_all_can_be_told_to_leave():
    board = Board.shared(2)
    board.leave_all()
    assert all(board.for_worker(worker).leaving for worker in range(2))


def test_a_reload_is_asked_of_every_worker():
    board = Board.shared(2)
    board.ask_reload()
    assert board.for_worker(1).reloads == 1
    assert not board.for_worker(1).leaving
