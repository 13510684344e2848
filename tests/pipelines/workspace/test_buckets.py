"""What is derived of a clip before it is asked about: a tagger's sounds count where nobody annotated any."""

from aig.core.records import Clip, Event, Features, TaggedEvent
from aig.generators.closed_ended.pairs import closed_pairs
from aig.generators.closed_ended.registry import resolve
from aig.generators.settings import QuestionSettings
from aig.pipelines.workspace.buckets import derive
from aig.prompts.kind_registry import TASK_KINDS

TAGGED = (
    TaggedEvent("Rain", 0.0, 10.0, 0.9),
    TaggedEvent("Animal", 2.0, 2.6, 0.97),
    TaggedEvent("Dog", 2.0, 2.6, 0.95),
    TaggedEvent("Bark", 2.1, 2.6, 0.7),
    TaggedEvent("Animal", 6.0, 7.0, 0.6),
)


class Everything:
    closed_tasks = None
    copies = 1


def test_tagged_clips_are_asked_for_times_and_never_for_what_is_missing():
    features = Features(
        audio_id="x/1", duration_s=10.0, sample_rate=16_000, sounds=("Rain", "Animal", "Bark"), tagged=TAGGED
    )
    item = derive(Clip(audio_id="x/1", dataset="x"), features)
    assert item.tagged
    rows = list(closed_pairs(item, Everything(), 0, QuestionSettings(), tasks=resolve(("paper", "modern"))))
    asked = {row.task for row in rows}
    assert {"temporal", "temporal_single", "temporal_order", "choice_first", "reasoning_order"} <= asked
    assert not {"temporal_single_not_exist", "temporal_order_not_exist", "presence", "count", "choice_count"} & asked
    assert {row.annotated_by for row in rows if row.task == "temporal"} == {"tagger"}
    assert not TASK_KINDS["negative"].suits(item)


def test_what_people_annotated_goes_before_the_tagger():
    features = Features(audio_id="x/1", duration_s=10.0, sample_rate=16_000, tagged=TAGGED)
    for clip in (
        Clip(audio_id="x/1", dataset="x", labels=("Wind",)),
        Clip(audio_id="x/1", dataset="x", events=(Event("Wind", 0.0, 1.0),)),
    ):
        item = derive(clip, features)
        assert (item.clip, item.sounds, item.tagged) == (clip, ("Wind",), False)
