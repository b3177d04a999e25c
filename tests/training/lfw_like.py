"""A small data set in LFW's layout, with people, View 1's lists and the folds of View 2."""

from tests.training.synthetic import pattern, png, write_files

FOLDS = 2
IN_FOLDS = 8
"""`p00` … `p07`: each fold has four of them, with three images each."""

IN_NO_PAIR = 8
"""`q00` … `q07`, with two images each, and `single`, with one."""

PEOPLE = (
    {f"p{i:02d}": 3 for i in range(IN_FOLDS)}
    | {f"q{i:02d}": 2 for i in range(IN_NO_PAIR)}
    | {"single": 1}
)


def pairs_of_fold(fold):
    """Lines of `pairs.txt`: four genuine pairs, then four impostor pairs."""
    a, b, c, d = (f"p{4 * fold + i:02d}" for i in range(4))
    genuine = [f"{a}\t1\t2", f"{b}\t1\t3", f"{c}\t2\t3", f"{d}\t1\t2"]
    impostor = [f"{a}\t1\t{b}\t1", f"{b}\t2\t{c}\t3", f"{c}\t1\t{d}\t1", f"{d}\t3\t{a}\t3"]
    return genuine + impostor


def pairs_text():
    lines = [line for fold in range(FOLDS) for line in pairs_of_fold(fold)]
    return "\n".join([f"{FOLDS}\t4", *lines]) + "\n"


def write_lfw_like(folder):
    """Write the data set; `folder` is what `--data` takes."""
    files = {
        f"lfw/{name}/{name}_{k:04d}.png": png(pattern(i, k))
        for i, (name, count) in enumerate(PEOPLE.items())
        for k in range(1, count + 1)
    }
    write_files(folder, files)
    (folder / "peopleDevTest.txt").write_text("2\np00\t3\nq00\t2\n")
    (folder / "pairsDevTest.txt").write_text("1\np00\t1\t2\np00\t1\tq00\t2\n")
    (folder / "pairs.txt").write_text(pairs_text())
    return folder
