import io
import zipfile

import pytest
from PIL import Image

from tests.training.synthetic import image_set, pattern, write_zip
from training.errors import DataError
from training.evaluation.protocols.omniglot_runs import RUNS_FILE, _trials, build

TEST = [f"t{i:02d}" for i in range(20)]
IMAGES = image_set({f"s{i}": 2 for i in range(4)} | dict.fromkeys(TEST, 2))
FIRST = 4  # `image_set` numbers identities in the order given.


def repacked(pixels):
    """The same pixels in other bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


def official_runs(wrong=0, known=0):
    """Twenty runs; `wrong` trials of the first are labelled wrongly, `known` images are trained."""
    files = {}
    for run in (f"run{r:02d}" for r in range(1, 21)):
        lines = []
        for i in range(20):
            character = i - FIRST if i < known else i
            files[f"{run}/test/item{i:02d}.png"] = repacked(pattern(FIRST + character, 0))
            files[f"{run}/training/class{i:02d}.png"] = repacked(pattern(FIRST + character, 1))
            other = (i + 1) % wrong if i < wrong and run == "run01" else i
            lines.append(f"{run}/test/item{i:02d}.png {run}/training/class{other:02d}.png")
        files[f"{run}/class_labels.txt"] = "\n".join(lines) + "\n"
    return files


def measured(system_of, folder, files):
    write_zip(folder / "all_runs.zip", files)
    return build()(system_of(IMAGES, TEST, folder))


def test_each_image_is_given_to_the_nearest_of_its_run(system_of, tmp_path):
    (figure,) = measured(system_of, tmp_path, official_runs())
    assert figure.value == 1
    assert figure.standard_error == 0
    assert figure.trials == 400


def test_wrong_answers_are_counted_over_runs(system_of, tmp_path):
    (figure,) = measured(system_of, tmp_path, official_runs(wrong=5))
    assert figure.value == pytest.approx(1 - 5 / 400)
    assert figure.standard_error == pytest.approx(0.25 / 20)  # One run at 75 %, nineteen at 100 %.


def test_a_system_that_has_seen_an_image_of_the_runs_is_refused(system_of, tmp_path):
    with pytest.raises(DataError, match="160 images of the official runs are not of test"):
        measured(system_of, tmp_path, official_runs(known=4))


def test_without_the_runs_the_error_says_what_is_missing(system_of, tmp_path):
    with pytest.raises(DataError, match=r"all_runs\.zip cannot be read"):
        build()(system_of(IMAGES, TEST, tmp_path))


@pytest.mark.parametrize(
    "labels",
    ["", "one two three\n", "run03/test/item00.png run03/training/class99.png\n"],
    ids=["empty", "three words", "no such file"],
)
def test_labels_that_are_not_as_published_are_an_error(system_of, tmp_path, labels):
    files = official_runs() | {"run03/class_labels.txt": labels}
    with pytest.raises(DataError, match=r"run03/class_labels\.txt"):
        measured(system_of, tmp_path, files)


@pytest.mark.data
def test_the_published_runs_are_read(data_sets):
    path = data_sets / "omniglot" / RUNS_FILE
    with zipfile.ZipFile(path) as archive:
        trials = [trial for run in range(1, 21) for trial in _trials(archive, path, run)]
    assert len({asked for asked, _ in trials}) == len({known for _, known in trials}) == 400
    assert trials[0] == ("run01/test/item01.png", "run01/training/class08.png")
