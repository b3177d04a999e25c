import os

import pyarrow.parquet as pq
import pytest

from tests.fakes import encoded, image_of

pytestmark = pytest.mark.container


def test_the_image_for_bulk_work_embeds_a_folder_without_network_or_rights(engine, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # pytest's folders are closed to others, and the image's user is one.
    for number in range(5):
        (photos / f"{number}.png").write_bytes(encoded(image_of(number), "PNG"))
    (photos / "broken.jpg").write_bytes(b"no image")
    options = ("--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL")
    volumes = (f"--volume={photos}:/photos:ro", f"--volume={out}:/out")
    command = ("embed", "/photos", "--model", "faces-crops", "--to", "/out/photos.parquet")
    engine("run", *options, *volumes, os.environ["CONTAINER_BULK_IMAGE"], *command)
    rows = pq.read_table(out / "photos.parquet").to_pylist()
    assert len(rows) == 6
    assert sum(row["embedding"] is None for row in rows) == 1
