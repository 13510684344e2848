"""The Python interface for notebooks: `aig.open`, `ask`, `load_shards`, `measure`, `validate`, `run`.

Tables come as pandas frames; conditions are evaluated by DuckDB before anything is loaded.
"""

from __future__ import annotations

import base64
import html
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aig.core.errors import DataError, UsageError
from aig.pipelines.build import run_build

if TYPE_CHECKING:
    import pandas as pd

    from aig.core.records import Features
    from aig.extractors.audio import Samples
    from aig.shards.validator.findings import ValidationReport

__all__ = ["Build", "Sound", "ask", "load_shards", "measure", "open_build", "run", "validate"]


@dataclass(frozen=True)
class Sound:
    """A clip to hear and see: in a notebook it shows a player above its spectrogram.

    Attributes:
        samples: 16 kHz, one channel, -1 to 1.
        title: what stands above the player.
    """

    samples: Samples
    title: str = ""

    def _repr_html_(self) -> str:
        from aig.pipelines.views.media import mp3, spectrogram_png

        sound = base64.b64encode(mp3(self.samples)).decode()
        picture = base64.b64encode(spectrogram_png(self.samples)).decode()
        return (
            f"<figure><figcaption>{html.escape(self.title)}</figcaption>"
            f'<audio controls src="data:audio/mpeg;base64,{sound}"></audio><br>'
            '<img alt="spectrogram, 0 to 8 kHz" style="width: 30em; max-width: 100%; height: 7em" '
            f'src="data:image/png;base64,{picture}"></figure>'
        )


class Build:
    """The tables of a build, as `aig.open` gives them.

    Each method takes `where`, a condition in SQL on the table's columns, `columns` and `limit`.

    Attributes:
        configuration: as it was read.
    """

    def __init__(self, config: Path) -> None:
        from aig.pipelines.configuration import load
        from aig.pipelines.workspace.workspace import Workspace

        self.configuration = load(config)
        self._workspace = Workspace(self.configuration.workspace)

    def __repr__(self) -> str:
        return f"Build({self.configuration.workspace!r})"

    def clips(self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """What the datasets annotate, a row a clip."""
        return self._frame("clips", where, columns, limit)

    def features(self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """What was measured, beside what is annotated, a row a clip."""
        return self._frame("measured", where, columns, limit)

    def pairs(self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """Questions and answers with their lineage, published or not."""
        return self._frame("qa", where, columns, limit)

    def dropped(self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """Clips that no selection kept, each with rule and reason."""
        return self._frame("left_out", where, columns, limit)

    def dropped_pairs(
        self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None
    ) -> pd.DataFrame:
        """Pairs that an answer filter left out, each with rule and reason."""
        return self._frame("dropped_pairs", where, columns, limit)

    def quarantine(
        self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None
    ) -> pd.DataFrame:
        """What could not be worked on, with error and advice."""
        return self._frame("quarantine", where, columns, limit)

    def verdicts(self, where: str = "", *, columns: list[str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """What second models said of pairs: a judge's scores and reasons, guesses without the clip."""
        return self._frame("verdicts", where, columns, limit)

    def ask(self, prompt: str, clips: str | list[str] | None = None, *, limit: int = 5) -> pd.DataFrame:
        """Asks the model a prompt about some clips, as `aig.ask` does."""
        pandas = _pandas()
        from aig.core.extras import need

        need("ask")
        from aig.pipelines.views.asking import COLUMNS, answers_to

        audio_ids = [clips] if isinstance(clips, str) else clips
        rows: pd.DataFrame = pandas.DataFrame(answers_to(self.configuration, prompt, audio_ids, limit), columns=COLUMNS)
        return rows

    def replies(self) -> pd.DataFrame:
        """Every reply of the model that the ledger holds, with its raw text, tokens and price."""
        pandas = _pandas()
        from aig.generators.ledger.ledger import Ledger

        with Ledger(self._workspace.url("responses")) as ledger:
            keys = [entry["key"] for entry in ledger.entries() if entry["kind"] == "reply"]
            replies: pd.DataFrame = pandas.DataFrame([asdict(reply) for key in keys if (reply := ledger.get(key))])
        return replies

    def sound(self, audio_id: str) -> Sound:
        """A clip's audio, to hear in a notebook.

        Raises:
            DataError: its audio is not here, or cannot be read.
        """
        from aig.pipelines.clip_audio import audio_of_workspace

        source = audio_of_workspace(self.configuration)
        samples = source.read(audio_id)
        if samples is None:
            raise DataError(f"{audio_id}: {source.faults[audio_id]}", "Name a clip of `clips()` whose audio is here.")
        return Sound(samples, audio_id)

    def _frame(self, table: str, where: str, columns: list[str] | None, limit: int | None) -> pd.DataFrame:
        _pandas()
        import duckdb

        from aig.pipelines.workspace.database import open_tables

        with open_tables(self.configuration, self._workspace) as database:
            # In SQL: DuckDB's relations keep Python's lock while its threads wait for it to read from an object store.
            names = "*" if columns is None else ", ".join('"{}"'.format(name.replace('"', '""')) for name in columns)
            query = f"SELECT {names} FROM {table}"  # noqa: S608 - the table's name is our own
            if where:
                query += f" WHERE ({where})"
            if limit is not None:
                query += f" LIMIT {limit:d}"
            try:
                return database.execute(query).df()
            except duckdb.Error as error:
                known = ", ".join(row[0] for row in database.execute(f"DESCRIBE {table}").fetchall())
                raise UsageError(
                    f"{table}: {where!r} or the columns cannot be used: {error}", f"The columns are {known}."
                ) from error


def open_build(config: str | Path = "aig.yaml") -> Build:
    """Opens the workspace of a configuration; nothing is read until a table is asked for.

    Raises:
        UsageError: the configuration is missing or not valid.
    """
    return Build(Path(config))


def load_shards(
    path: str | Path, config: str = "default", *, where: str | None = None, split: str | None = None
) -> pd.DataFrame:
    """Rows of a published set with their lineage.

    Args:
        path: the set: a folder, `https://`, `s3://`.
        config: `default`, `stage1`, or another config of the card.
        where: condition in SQL on the columns of a row and its lineage.
        split: rows of this split alone.

    Raises:
        UsageError: nothing is there, or the config or condition cannot be used.
        DataError: the set has no manifest that can be trusted.
    """
    _pandas()
    import pyarrow as pa

    from aig.shards.export.rows import ROW_SCHEMA, chosen_rows

    table = pa.Table.from_batches(list(chosen_rows(str(path), config, where, split)), ROW_SCHEMA)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def measure(file: str | Path, *, gender: str | None = None, whisper: str | None = None, **settings: Any) -> Features:
    """Pitch, volume, speed and, with a model, the transcript of one file.

    Args:
        file: an audio file.
        gender: `male` or `female`, for the pitch's rank within the gender.
        whisper: name or path of a Whisper model; no transcript without one.
        settings: further keys of the configuration's `extract`.

    Raises:
        UsageError: a setting is wrong, or what it names is missing.
        DataError: the file cannot be measured.
    """
    from aig.core.extras import need
    from aig.core.records import Clip, Quarantined
    from aig.extractors.measure import measure_clips
    from aig.extractors.settings import ExtractSettings

    need("measure")
    path = Path(file)
    extract = ExtractSettings.model_validate({"whisper": {"model": whisper} if whisper else None, **settings})
    clip = Clip(audio_id=path.name, dataset="file", path=path.name, gender=gender)
    (found,) = measure_clips([clip], str(path.parent), extract)
    if isinstance(found, Quarantined):
        raise DataError(found.message, found.advice)
    return found


def ask(
    prompt: str, clips: str | list[str] | None = None, *, config: str | Path = "aig.yaml", limit: int = 5
) -> pd.DataFrame:
    """What the configuration's model answers to a prompt about some clips, and what the filters say of each pair.

    Replies stay in the workspace, so that asking again costs nothing, and a build that needs them finds them there.

    Args:
        prompt: its name, `speech`, or with its version, `speech@2`.
        clips: ids of clips; the first `limit` measured ones that the prompt is about, where not given.
        config: names the model, the folder of own prompts and the workspace.
        limit: how many clips, where none are named.

    Returns:
        A row a pair: `audio_id`, `prompt`, `question`, `answer`, `kept`; `rule` and `reason` where it is not kept.

    Raises:
        UsageError: no such prompt or clip, or the model cannot be asked.
        DataError: the budget is used up.
    """
    return open_build(config).ask(prompt, clips, limit=limit)


def validate(path: str | Path) -> ValidationReport:
    """Checks a published set; the report's `ok` says whether it is valid.

    Raises:
        UsageError: nothing is at `path`.
    """
    from aig.shards.validator.validate import validate as check

    return check(str(path))


def run(config: str | Path = "aig.yaml", *, only: list[str] | None = None, until: str = "publish") -> dict[str, Any]:
    """Runs a build and gives its sums, as `aig run --json` prints them.

    Args:
        config: the configuration file.
        only: datasets to work on.
        until: the last stage.

    Raises:
        UsageError: the configuration, or what it names, is wrong.
        DataError: the data is invalid.
    """
    return run_build(Path(config), only=only, until=until)


def _pandas() -> Any:
    from aig.core.extras import missing_extra

    try:
        import pandas
    except ImportError as error:
        raise missing_extra("tables are pandas frames, and pandas is not installed", "notebook") from error
    return pandas
