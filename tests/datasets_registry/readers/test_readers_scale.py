"""Memory stays flat over many rows; the benchmark `readers` measures the rate at full size."""

import tracemalloc

import pytest

from aig.core.records import Clip
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.deduplicate import quarantine_duplicates


def clips(count):
    return (Clip(audio_id=f"d/{number}", dataset="d") for number in range(count))


def test_repeats_are_found_however_far_apart():
    items = list(quarantine_duplicates("d", [*clips(70_000), *clips(3), *clips(1)]))
    assert [item.audio_id for item in items[70_000:]] == ["d/0", "d/1", "d/2", "d/0"]
    assert {type(item) for item in items[:70_000]} == {Clip}
    assert {item.error for item in items[70_000:]} == {"repeated_clip"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path):
    (tmp_path / "class_labels_indices.csv").write_text("index,mid,display_name\n0,/m/1,Dog\n")
    with (tmp_path / "balanced_train_segments.csv").open("w") as file:
        file.writelines(f'{number:011d}, 0.000, 10.000, "/m/1"\n' for number in range(80_000))
    next(iter(registry.get("audioset").read(Source(tmp_path))))  # what is imported at the first call is not counted
    tracemalloc.start()
    rows = sum(1 for _ in registry.get("audioset").read(Source(tmp_path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 80_000
    # A batch of clips is held at a time, and eight bytes a clip for its id; all clips would take 35 MB.
    assert peak < 17e6
