from pathlib import Path

import pytest

from training.config.named import load_config
from training.config.sections import Choice, ChosenBy, Target
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.results.page import write_results
from training.results.record import read_records, record_run
from training.results.sections import sections
from training.runs.run_folder import RunFolder

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def record(run, exported):
    return record_run(RunFolder(run), exported)


def made(record, seed, error, **changes):
    """A record of another seed, with one figure."""
    target = Target(figure="error", at_most=0.02, published="3 % (they, 1999)")
    config = record.config.model_copy(update={"targets": (target,), "seed": seed})
    figure = MeasuredValue(
        name="error", value=error, standard_error=0.004, standard_error_over="images", trials=1000
    )
    return record.model_copy(
        update={"config": config, "seed": seed, "figures": (figure,), **changes}
    )


def text_of(records, folder):
    page, *_ = write_results(records, folder / "page.md")
    return page.read_text()


def test_the_own_seed_stands_beside_the_mean_and_spread_over_seeds(record):
    [section] = sections([made(record, 2, 0.03), made(record, 1, 0.01)])
    [row] = section.rows
    assert row.values == (0.01, 0.03)
    assert row.measured == "1.00 % ± 0.40 % (images)"
    assert row.over_seeds == "2.00 % ± 1.41 % (2)"


def test_a_named_config_knows_its_own_seed(record):
    named = load_config("mnist_margin")
    configs = [named.model_copy(update={"seed": named.seed + i}) for i in (-1, 0, 1)]
    records = [made(record, c.seed, i / 10, config=c) for i, c in enumerate(configs)]
    [section] = sections(records)
    assert section.rows[0].one_seed.value == 0.1


def test_the_verdict_is_on_the_mean_whatever_the_own_seed_says(record):
    for errors, verdict in (((0.02, 0.05), "equal"), ((0.04, 0.042), "**missed**")):
        [section] = sections([made(record, i, error) for i, error in enumerate(errors)])
        assert section.rows[0].verdict == verdict


def test_a_single_seed_shows_the_protocols_own_standard_error_and_a_missed_bar(record):
    [section] = sections([made(record, 1, 0.03)])
    [row] = section.rows
    assert (row.measured, row.over_seeds) == ("3.00 % ± 0.40 % (images)", "")
    assert (row.bar, row.verdict) == ("≤ 2.00 %", "**missed**")


def test_an_accuracy_has_a_lower_bar(record):
    found = made(record, 1, 0.97)
    target = Target(figure="error", at_least=0.97)
    config = found.config.model_copy(update={"targets": (target,)})
    [section] = sections([found.model_copy(update={"config": config})])
    assert (section.rows[0].bar, section.rows[0].verdict) == ("≥ 97.00 %", "equal")


def test_a_section_says_what_its_config_was_chosen_by_and_how_often_it_was_tested(record, tmp_path):
    choice = Choice(by=ChosenBy.CALIBRATION, how="Width by the calibration EER.")
    found = made(record, 1, 0.01)
    config = found.config.model_copy(update={"choice": choice})
    found = found.model_copy(update={"config": config})
    first = found.look
    again = first.model_copy(update={"at": "2026-12-24T00:00:00", "unsealed": "a mended file"})
    other = first.model_copy(update={"title": "another"})
    page, *_ = write_results([found], tmp_path / "page.md", (first, again, other))
    text = page.read_text()
    assert "| data | [`patterns`](#patterns) | calibration | error |" in text
    assert "- chosen by: calibration. Width by the calibration EER.\n" in text
    assert "- recorded looks at its test part: 2, the last on 2026-12-24\n" in text
    assert "- unsealed: a mended file\n" in text


def test_the_choice_of_an_older_record_is_that_of_the_named_config(record):
    named = load_config("mnist_margin")
    older = named.model_copy(update={"choice": None})
    [section] = sections([made(record, named.seed, 0.1, config=older)])
    assert older.measurement.choice is None
    assert section.choice == named.measurement.choice


def test_every_recorded_config_states_its_choice_in_its_own_words():
    recorded = {record.config.name for record in read_records(ROOT / "training" / "records")}
    choices = {n: load_config(n.replace("-", "_")).measurement.choice for n in recorded}
    assert all(choices.values())
    alike = {"siam", "pseudo-siam", "two-channel", "two-channel-two-stream"}
    own = [choice.how for name, choice in choices.items() if name not in alike]
    assert len(set(own)) == len(own)


def test_records_that_differ_in_more_than_the_seed_have_no_mean(record):
    other = made(record, 2, 0.03)
    other = other.model_copy(update={"config": other.config.model_copy(update={"epochs": 99})})
    with pytest.raises(RunError, match="differ in more than their seeds"):
        sections([made(record, 1, 0.01), other])


def test_a_variant_stands_apart(record):
    found = sections([made(record, 1, 0.01), made(record, 1, 0.02, variant="8-folds")])
    assert [section.title for section in found] == ["patterns", "patterns-8-folds"]


def test_the_overview_has_what_stands_beside_something_and_the_section_everything(record, tmp_path):
    found = made(record, 1, 0.0123)
    plain = MeasuredValue(name="another", value=0.5, trials=7)
    page = text_of([found.model_copy(update={"figures": (*found.figures, plain)})], tmp_path)
    assert (
        "| data | [`patterns`](#patterns) | not stated | error | 1.23 % ± 0.40 % (images) "
        "| ≤ 2.00 % | met | "
        "3 % (they, 1999) |" in page
    )
    assert page.count("| another |") == 1
    assert "| another | 50.00 % | 7 |" in page
    assert "| error | 1.23 % ± 0.40 % (images) | 1,000 |" in page
    assert record.train_command in page


def test_seeds_get_a_column_where_there_are_several(record, tmp_path):
    page = text_of([made(record, 1, 0.01), made(record, 2, 0.02)], tmp_path)
    assert "| 1.00 % ± 0.40 % (images) | 1.50 % ± 0.71 % (2) | ≤ 2.00 % | equal |" in page
    assert "| error | 1.00 % ± 0.40 % (images) | 1.50 % ± 0.71 % (2) | 1,000 |" in page
    assert "The verdict is on the mean" in page


def test_every_plot_of_the_page_is_there_and_no_other_and_comes_out_the_same_again(
    record, tmp_path
):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "det-of-old.svg").write_text("<svg/>")
    other = record.det.model_copy(update={"protocol": "other pairs"})
    records = [made(record, 1, 0.01), made(record, 1, 0.01, variant="other", det=other)]
    page = text_of(records, tmp_path)
    files = sorted(path.name for path in (tmp_path / "page").iterdir())
    assert files == ["bars.svg", "det-data-1.svg", "det-data-2.svg"]
    assert all(f"](page/{name})" in page for name in files)
    assert "![2 figures beside their bars: 2 met]" in page
    before = [path.read_bytes() for path in written(tmp_path, "page")]
    text_of(records[::-1], tmp_path)
    assert [path.read_bytes() for path in written(tmp_path, "page")] == before


def test_systems_of_one_protocol_share_a_plot(record, tmp_path):
    text_of([made(record, 1, 0.01), made(record, 1, 0.01, variant="other")], tmp_path)
    drawn = (tmp_path / "page" / "det-data-1.svg").read_text()
    assert ">patterns<" in drawn
    assert ">patterns-other<" in drawn


def test_records_without_curves_or_bars_make_a_page_without_plots(record, tmp_path):
    bare = record.model_copy(update={"det": None})
    assert write_results([bare], tmp_path / "page.md") == (tmp_path / "page.md",)
    assert "![" not in (tmp_path / "page.md").read_text()


def test_the_committed_page_and_plots_are_what_the_command_makes(call, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, _, err = call("results", "--out", tmp_path / "results.md")
    assert code == 0, err
    committed, made_now = (
        {path.relative_to(base): path.read_bytes() for path in written(base)}
        for base in (ROOT / "docs", tmp_path)
    )
    assert len(made_now) > 1
    assert committed.keys() == made_now.keys()
    changed = [str(name) for name in made_now if made_now[name] != committed[name]]
    assert not changed, "run `python -m training results` and commit what it writes"


def written(folder, name="results"):
    return [folder / f"{name}.md", *sorted((folder / name).iterdir())]
