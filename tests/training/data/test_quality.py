import pytest

from tests.training import synthetic
from training.config.sections import SplitConfig
from training.data.quality import LISTED, check_quality
from training.data.readers.folder import read_folder
from training.data.readers.pairs_csv import read_pairs
from training.data.split import split_identities
from training.errors import DataError

SPLIT = SplitConfig(calibration=0.25, test=0.25)
FILES = synthetic.files_of(20, 4, side=48, noise=40.0)
"""So noisy that no two takes of one identity are near duplicates."""


@pytest.fixture
def quality(tmp_path):
    def check(files, split=SPLIT):
        return check_quality(
            read_folder(synthetic.write_files(tmp_path / "data", files)), "named", split, 3
        )

    return check


@pytest.fixture(scope="module")
def part_of(tmp_path_factory):
    """Some identities of each part under seed 3."""
    images = read_folder(synthetic.write_files(tmp_path_factory.mktemp("q") / "data", FILES))
    return split_identities(images, SPLIT, 3)


def test_counts_are_those_of_the_folder(quality):
    found = quality(FILES | {"id00/9.png": synthetic.png(synthetic.pattern(50, side=30))})
    assert found.usable
    assert found.reason is None
    assert (found.identities, found.images, found.broken) == (20, 81, 0)
    assert found.images_per_identity.model_dump() == {"least": 4, "median": 4, "most": 5}
    assert found.widths.model_dump() == {"least": 30, "median": 48, "most": 48}
    assert found.colour_modes == {"L": 81}
    assert found.exact_duplicates.groups == found.near_duplicates.groups == 0
    assert {part: size.identities for part, size in found.parts.items()} == {
        "train": 10,
        "calibration": 5,
        "test": 5,
    }


def test_identities_with_one_image_are_counted(quality):
    found = quality(FILES | {f"single{i}/0.png": FILES["id00/0.png"] + b"x" for i in range(3)})
    assert found.identities_with_one_image == 3
    assert found.images_per_identity.least == 1


def test_broken_files_are_named_and_the_list_is_bounded(quality):
    found = quality(FILES | {f"id00/broken{i:02d}.png": b"no image" for i in range(LISTED + 5)})
    assert found.usable
    assert found.broken == LISTED + 5
    assert len(found.broken_listed) == LISTED
    assert found.broken_listed[0].startswith("id00/broken00.png: ")


def test_a_copy_within_an_identity_is_no_fault_of_labelling(quality):
    found = quality(FILES | {"id00/copy.png": FILES["id00/0.png"]}).exact_duplicates
    assert (found.groups, found.across_identities, found.across_parts) == (1, 0, 0)
    (group,) = found.listed
    assert group.images == ("id00/0.png", "id00/copy.png")
    assert group.identities == ("id00",)


def test_a_copy_under_another_name_is_one_and_across_the_split_is_worst(quality, part_of):
    one, other = part_of.train[:2]
    tested = part_of.test[0]
    found = quality(
        FILES
        | {
            f"{other}/copy.png": FILES[f"{one}/0.png"],
            f"{tested}/copy.png": FILES[f"{other}/1.png"],
        }
    ).exact_duplicates
    assert (found.groups, found.across_identities, found.across_parts) == (2, 2, 1)
    assert found.listed[0].parts == ("test", "train")
    assert found.listed[0].identities == tuple(sorted([other, tested]))
    assert found.listed[1].parts == ("train",)


def test_a_picture_that_was_saved_again_is_a_near_and_not_an_exact_duplicate(quality):
    again = synthetic.png(synthetic.pattern(0, 0, side=48, noise=40.0), "JPEG")
    found = quality(FILES | {"id07/again.jpg": again})
    assert found.exact_duplicates.groups == 0
    assert found.near_duplicates.groups == found.near_duplicates.across_identities == 1
    assert found.near_duplicates.listed[0].images == ("id00/0.png", "id07/again.jpg")


def test_copies_of_one_file_are_not_told_again_as_near_duplicates(quality):
    found = quality(FILES | {"id00/copy.png": FILES["id00/0.png"]})
    assert found.near_duplicates.groups == 0


def test_duplicates_are_listed_within_bounds(quality):
    copies = {f"id{i:02d}/copy.png": FILES[f"id{i:02d}/0.png"] for i in range(LISTED + 3)}
    many = {f"id00/many{i}.png": FILES["id00/1.png"] for i in range(30)}
    found = quality(FILES | copies | many).exact_duplicates
    assert found.groups == LISTED + 4
    assert len(found.listed) == LISTED
    largest = max(found.listed, key=lambda group: group.size)
    assert (largest.size, len(largest.images)) == (31, 5)


def refused_by_training(files, tmp_path):
    images = read_folder(synthetic.write_files(tmp_path / "again", files))
    with pytest.raises(DataError) as caught:
        split_identities(images, SPLIT, 3)
    return str(caught.value)


@pytest.mark.parametrize(
    "files",
    [synthetic.files_of(3, 2), synthetic.files_of(20, 1)],
    ids=["few identities", "one image each"],
)
def test_what_training_refuses_is_refused_with_its_reason(quality, tmp_path, files):
    found = quality(files)
    assert not found.usable
    assert found.reason.split(":")[-1] == refused_by_training(files, tmp_path).split(":")[-1]
    assert found.parts == {}


def test_a_part_without_readable_pairs_is_refused(quality, part_of):
    broken = {
        name: b"no image" if name.split("/")[0] in part_of.calibration[1:] else data
        for name, data in FILES.items()
    }
    found = quality(broken)
    assert not found.usable
    assert "the calibration part has 1 identities" in found.reason


def test_data_of_which_nothing_can_be_read_is_refused(quality):
    found = quality(dict.fromkeys(FILES, b"no image"))
    assert not found.usable
    assert "no image can be read: id00/0.png" in found.reason
    assert found.widths is None


def test_listed_pairs_of_one_kind_in_a_part_are_refused(tmp_path):
    synthetic.write_files(tmp_path, FILES)
    genuine = [f"id{i:02d}/0.png,id{i:02d}/1.png,0" for i in range(20)]
    impostor = [f"id{i:02d}/0.png,id{j:02d}/1.png,1" for i in range(20) for j in range(i)]
    (tmp_path / "both.csv").write_text("\n".join(genuine + impostor))
    (tmp_path / "one.csv").write_text("\n".join(genuine))
    assert check_quality(read_pairs(tmp_path / "both.csv"), "named", SPLIT, 3).usable
    found = check_quality(read_pairs(tmp_path / "one.csv"), "named", SPLIT, 3)
    assert "part has no impostor pair" in found.reason


def test_the_parts_of_a_closed_set_are_parts_of_each_identitys_images():
    images = synthetic.image_set({"a": 10, "b": 10})
    found = check_quality(images, "closed", SplitConfig(by="image", calibration=0.2, test=0.3), 0)
    assert found.usable
    assert {part: size.images for part, size in found.parts.items()} == {
        "train": 10,
        "calibration": 4,
        "test": 6,
    }
    assert {size.identities for size in found.parts.values()} == {2}
