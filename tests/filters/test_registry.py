"""One's own rules and filters, as docs/extend.md says, and what is refused."""

import pickle

import pyarrow as pa
import pytest
from pydantic import ValidationError

from aig.core.errors import UsageError
from aig.core.plugins import source_hash
from aig.core.records import Clip
from aig.core.tables import to_table
from aig.filters.answers.filter import Pair, filter_pairs
from aig.filters.answers.registry import FILTERS
from aig.filters.answers.settings import AnswerFilterSettings
from aig.filters.clips.registry import RULES
from aig.filters.clips.selection import select
from aig.filters.clips.settings import SelectSettings


def joined(*ages):
    clips = [Clip(audio_id=f"my_calls/{number}", dataset="my_calls", age=age) for number, age in enumerate(ages)]
    table = to_table(clips, Clip)
    return table.append_column("duration_s", pa.array([3.0] * len(clips))).to_batches()


def test_a_rule_of_ones_own(follow_extend_page):
    settings = SelectSettings.model_validate(follow_extend_page("A selection rule")["select"]["my_calls"])
    outcome = select(joined(17, 18, None), settings, seed=0)
    assert outcome.kept.to_pylist() == ["my_calls/1"]
    dropped = pa.Table.from_batches(list(outcome.dropped())).to_pylist()
    assert [(row["rule"], row["reason"]) for row in dropped] == [
        ("min_age", "17 years, younger than 18"),
        ("min_age", "the speaker's age is not annotated"),
    ]
    assert [(count.rule, count.seen, count.dropped) for count in outcome.rules] == [("min_age", 3, 2)]
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_changed_module_is_noticed(follow_extend_page, tmp_path):
    follow_extend_page("A selection rule")
    before = source_hash("my_rules:MIN_AGE")
    module = tmp_path / "my_rules.py"
    module.write_text(module.read_text().replace("younger", "less"))
    assert source_hash("my_rules:MIN_AGE") != before


def test_what_is_not_a_rule_is_refused(follow_extend_page, tmp_path):
    follow_extend_page("A selection rule")
    with pytest.raises(ValidationError, match="should be a valid integer"):
        SelectSettings(rules={"my_rules:MIN_AGE": "adult"})
    for reference in ("my_rules:MIN_HEIGHT", "my_rules:check", "nowhere:RULE", "my_rules"):
        with pytest.raises(UsageError) as error:
            SelectSettings(rules={reference: 1})
        assert reference in error.value.message
        assert error.value.advice.endswith(".")
    text = (tmp_path / "my_rules.py").read_text()
    (tmp_path / "rules_of_height.py").write_text(text.replace('("age",)', '("height",)'))
    with pytest.raises(UsageError, match="neither clips nor features have the column 'height'"):
        SelectSettings(rules={"rules_of_height:MIN_AGE": 1})
    (tmp_path / "rules_of_words.py").write_text(text.replace('"min_age"', '"min_words"'))
    with pytest.raises(UsageError, match="already a rule called 'min_words'"):
        SelectSettings(rules={"rules_of_words:MIN_AGE": 1})


def test_a_filter_of_ones_own(follow_extend_page):
    settings = AnswerFilterSettings.model_validate(follow_extend_page("An answer filter")["answers"])
    clip = Clip(audio_id="d/1", dataset="d")
    pairs = [Pair("Is it high?", "Yes, it is."), Pair("How deep?", "Now it is rather deep.")]
    found = filter_pairs(pairs, clip, None, settings)
    assert [(result.rule, result.reason) for result in found] == [("yes_or_no", "begins with 'Yes'"), ("", "")]


def test_the_name_of_a_filter_is_its_own(follow_extend_page, tmp_path):
    follow_extend_page("An answer filter")
    module = tmp_path / "my_filters.py"
    (tmp_path / "filters_of_leaks.py").write_text(module.read_text().replace('"yes_or_no"', '"leak"'))
    settings = AnswerFilterSettings(filters=("filters_of_leaks:NO_YES_OR_NO",))
    with pytest.raises(UsageError, match="already a filter called 'leak'"):
        filter_pairs([], Clip(audio_id="d/1", dataset="d"), None, settings)


def test_names_are_unique_and_every_rule_is_a_key():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert set(names) <= set(SelectSettings.model_fields)
    assert len({each.name for each in FILTERS}) == len(FILTERS)


def test_every_rule_is_in_the_docs(request):
    page = (request.config.rootpath / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert [rule.name for rule in RULES if f"`{rule.name}" not in page] == []


@pytest.mark.parametrize(
    ("rule", "bound", "values", "reason"),
    [
        ("min_snr_db", 0, (-3.0, 0.0, None), "-3.0 dB of speech over noise, less than 0 dB"),
        ("max_reverberation_s", 0.5, (0.81, 0.5, None), "reverberation of 0.81 s, longer than 0.5 s"),
        ("min_bandwidth_hz", 7_000, (3_400.0, 7_000.0, None), "sound up to 3400 Hz only, not to 7000 Hz"),
        ("max_clipped_share", 0, (0.01, 0.0, None), "1.00% of the samples are clipped, more than 0.00%"),
    ],
)
def test_rules_about_the_recording(rule, bound, values, reason):
    (applied,) = [each for each in RULES if each.name == rule]
    low, on_the_bound, missing = (applied.check(bound, value) for value in values)
    assert low == reason
    assert on_the_bound is None
    assert "was not measured" in missing
    assert [each.name for each, _ in SelectSettings(**{rule: bound}, events_within_clip=False).applied()] == [rule]
