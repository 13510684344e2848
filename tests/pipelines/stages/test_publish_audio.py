"""`publish: {audio: true}` publishes the clips' own audio beside their rows."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
import soundfile

from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.stages.publish import publish_and_validate
from aig.shards.validator.validate import validate
from helpers.small_build import small_build


def test_the_audio_of_own_clips_is_published_and_asked_for_it_is_another_version(tmp_path: Path) -> None:
    configuration, workspace = small_build(tmp_path, published=False)
    with progress_of("publish") as progress:
        plain = publish_and_validate(configuration, workspace, (), progress)
        assert not Path(plain, "audio", "shareable").exists()
        audio = configuration.publish.model_copy(update={"audio": True})
        configuration = configuration.model_copy(update={"publish": audio})
        whole = publish_and_validate(configuration, workspace, (), progress)
        assert publish_and_validate(configuration, workspace, (), progress) == whole
    assert validate(whole).ok
    (file,) = Path(whole, "audio", "shareable").iterdir()
    clips = pq.read_table(file).to_pylist()
    assert {clip["audio_id"] for clip in clips} == {f"mine/{number}.wav" for number in range(1, 12)}
    samples, _ = soundfile.read(io.BytesIO(clips[0]["audio"]["bytes"]))
    expected, _ = soundfile.read(tmp_path / "audio" / clips[0]["audio_id"].removeprefix("mine/"))
    assert abs(samples - expected).max() < 1e-4
