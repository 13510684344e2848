"""Requests and time of `aig run` on a workspace of many parts of a clip each, on a local server that speaks S3.

`AIG_BENCH_PARTS` says how many parts (1,000; of 10,000 the run before takes many minutes).
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Skipped

PARTS = int(os.environ.get("AIG_BENCH_PARTS", 1_000))


@contextmanager
def store() -> Iterator[Counter[str]]:
    """A server on loopback, as the environment names it; gives the requests it got, by method."""
    try:
        import s3fs
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError as error:
        raise Skipped(f"no {error.name}: pip install s3fs 'moto[server]'") from None

    class Silent(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    seen: Counter[str] = Counter()
    application = DomainDispatcherApplication(create_backend_app)

    def counting(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        seen[environ["REQUEST_METHOD"]] += 1
        answer: Iterable[bytes] = application(environ, start)
        return answer

    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("bucket")
    try:
        yield seen
    finally:
        server.shutdown()


def run() -> Iterable[Figure]:
    """The first run makes pairs of clips that are measured, the second finds nothing to do."""
    from aig.pipelines.build import run_build

    with store() as seen, tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        os.environ["AIG_CACHE"] = f"{folder}/cache"
        file = _workspace(Path(folder))
        bare = _read_bare()
        requests, sums = [], []
        for _ in range(2):
            seen.clear()
            sums.append(run_build(file))
            requests.append(seen.total())
    first, idle = requests
    stages = sum(sums[0]["stages"][stage]["seconds"] for stage in ("extract", "select", "generate"))
    what = "its look for clips to measure, select and closed pairs"
    yield Figure(f"{what}, by one bare read of the parts", stages, bare, "s", stages / bare, 3, False)
    yield Figure("a run that reads them all: requests a part", first, PARTS, "requests", first / PARTS, 2, False)
    yield Figure(f"a run with nothing to do, {PARTS:,} parts: requests", idle, first, "requests", idle, 50, False)


def _read_bare() -> float:
    """Seconds in which s3fs and pyarrow alone read each part once."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import s3fs

    fs = s3fs.S3FileSystem()
    began = time.perf_counter()
    for content in fs.cat(fs.find("bucket/build/features"), batch_size=64).values():
        pq.ParquetFile(pa.BufferReader(content)).read()
    return time.perf_counter() - began


def _workspace(folder: Path) -> Path:
    """A configuration, and features of its clips, a part each."""
    from aig.core.records import Clip, Features
    from aig.extractors.measure import extractor_version
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.progress import Progress
    from aig.pipelines.stages.extract import _source
    from aig.pipelines.stages.index import index_dataset
    from aig.pipelines.workspace.workspace import Workspace

    (folder / "audio").mkdir()
    for number in range(PARTS):
        (folder / "audio" / f"{number}.wav").touch()
    lines = (json.dumps({"path": f"{number}.wav", "labels": ["Dog", "Rain"]}) for number in range(PARTS))
    (folder / "clips.jsonl").write_text("\n".join(lines))
    file = folder / "aig.yaml"
    content = {
        "workspace": "s3://bucket/build",
        "datasets": {"mine": {"manifest": str(folder / "clips.jsonl"), "root": str(folder / "audio")}},
        "extract": {"whisper": None},
        "generate": {"open_ended": False},
    }
    file.write_text(json.dumps(content))
    configuration = load(file)
    workspace = Workspace(configuration.workspace)
    index_dataset(configuration, workspace, "mine", Progress("", None, "clips", lambda *_: None))
    version = extractor_version(configuration.extract)
    for number, clip in enumerate(workspace.records(Clip, "clips", "mine")):
        measured = Features(
            audio_id=clip.audio_id, duration_s=10.0, sample_rate=16_000, extractor=version, source=_source(clip)
        )
        workspace.write([measured], Features, "features", "mine", f"part-{version}-{number:05d}.parquet")
    return file
