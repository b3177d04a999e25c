from tests.training.synthetic import config
from training.config.schema import TrainingConfig
from training.config.sections import Choice, ChosenBy, Tried
from training.report.page import _tried

TRIED = (
    Tried(name="light", eer=0.04, folds=3, epochs=8, seconds=31.5, chosen=True),
    Tried(name="frozen", start="faces", eer=0.1, folds=3, epochs=0, seconds=2),
)


class Origin:
    def __init__(self, config_json):
        self.provenance = self if config_json else None
        self.config_json = config_json


def chosen(tried):
    choice = Choice(by=ChosenBy.CALIBRATION, how="By trials.", tried=tried)
    return config().model_copy(update={"choice": choice.model_dump()})


def test_what_was_tried_goes_through_the_configs_json_to_the_report():
    text = chosen(TRIED).model_dump_json()
    assert TrainingConfig.model_validate_json(text).measurement.choice.tried == TRIED
    assert _tried(Origin(text)) == TRIED


def test_a_choice_without_trials_and_an_adopted_bundle_have_none():
    assert _tried(Origin(chosen(()).model_dump_json())) == ()
    assert "tried" not in chosen(()).model_dump()["choice"]
    assert _tried(Origin(config().model_dump_json())) == ()
    assert _tried(Origin(None)) == ()
