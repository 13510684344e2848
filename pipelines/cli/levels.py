"""`aig levels`: fits the five-level bounds to what was measured, and shows where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import DataError, UsageError
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    import duckdb

    from aig.extractors.levels import Levels
    from aig.pipelines.configuration import Configuration

__all__ = ["register"]

_BINS = 20
_WIDTH = 40


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("levels")(levels)


def levels(
    config: ConfigArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the levels file here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: JsonFlag = False,
) -> None:
    """Fits the five-level bounds (quintiles) to the extracted data and shows histograms with the bounds."""
    from aig.core.storage import write_bytes
    from aig.extractors.calibrate import MEASURES, fit, to_yaml
    from aig.extractors.levels import load_levels
    from aig.pipelines.configuration import load

    configuration = load(config)
    if out is not None and out.exists() and not force:
        raise UsageError(f"{out} already exists", "Name another file, or pass --force.")
    earlier = load_levels(configuration.extract.levels)
    database = _database(configuration)
    scales = {name: _quantiles(database, column) for name, (column, _) in MEASURES.items() if name != "pitch_rank"}
    if not any(quantiles.count for quantiles in scales.values()):
        raise DataError("nothing has been measured yet", f"aig extract {config}")
    genders = {
        gender: _quantiles(database, "f0_hz", gender)
        for (gender,) in database.sql(
            "SELECT DISTINCT gender FROM measured WHERE gender IS NOT NULL ORDER BY 1"
        ).fetchall()
    }
    fitted = fit(earlier, scales, genders, list(configuration.datasets))
    report = [_measure(database, name, gender, fitted.levels) for name, gender in _rows(fitted.levels)]
    for row in report:
        row["kept"] = fitted.kept.get(row["scale"])
    if out is not None:
        write_bytes(str(out), to_yaml(fitted.levels).encode())
    if json:
        print_json({"version": fitted.levels.version, "file": str(out) if out else None, "scales": report})
        return
    for row in report:
        _show(row)
    if out is None:
        say("Nothing was written; --out FILE writes a levels file.")
    else:
        say(f"Wrote {out}; set `extract: {{levels: {out}}}` to use it. Only the levels are computed again.")


def _database(configuration: Configuration) -> duckdb.DuckDBPyConnection:
    """A database with one view, `measured`: the features of all datasets with the speaker's gender."""
    from aig.core.tables import CLIPS, FEATURES
    from aig.extractors.calibrate import MEASURES
    from aig.pipelines.workspace.buckets import known_feature_parts
    from aig.pipelines.workspace.workspace import Workspace

    workspace = Workspace(configuration.workspace)
    database = workspace.database()
    joined = []
    columns = dict.fromkeys(column for column, _ in MEASURES.values() if column != "f0_hz")
    for index, name in enumerate(configuration.datasets):
        workspace.view(database, f"clips{index}", CLIPS, ("clips", name), workspace.parts("clips", name))
        features = known_feature_parts(configuration, workspace, name)
        workspace.view(database, f"features{index}", FEATURES, ("features", name), features)
        joined.append(
            f"SELECT gender, round(f0_hz) AS f0_hz, {', '.join(columns)}, hallucination "  # noqa: S608 - our own names
            f"FROM features{index} JOIN clips{index} USING (audio_id)"
        )
    database.execute(f"CREATE VIEW measured AS {' UNION ALL '.join(joined)}")
    return database


def _where(column: str, gender: str | None) -> tuple[str, dict[str, str]]:
    condition = f"{column} IS NOT NULL"
    if column == "words_per_s":
        condition += " AND hallucination IS NULL"
    if gender is None:
        return condition, {}
    return f"{condition} AND gender = $gender", {"gender": gender}


def _quantiles(database: duckdb.DuckDBPyConnection, column: str, gender: str | None = None) -> Any:
    from aig.extractors.calibrate import QUINTILES, Quantiles

    where, values = _where(column, gender)
    found = database.execute(
        f"SELECT count(*), quantile_cont({column}, {list(QUINTILES)}) FROM measured WHERE {where}",  # noqa: S608
        values,
    ).fetchone()
    count, bounds = found if found else (0, None)
    return Quantiles(count, tuple(bounds or ()))


def _rows(fitted: Levels) -> list[tuple[str, str | None]]:
    from aig.extractors.calibrate import MEASURES

    rows: list[tuple[str, str | None]] = []
    for name in MEASURES:
        rows += [(name, gender) for gender in fitted.pitch_rank.bounds] if name == "pitch_rank" else [(name, None)]
    return rows


def _measure(database: duckdb.DuckDBPyConnection, name: str, gender: str | None, fitted: Levels) -> dict[str, Any]:
    """One scale: its bounds, the clips on each level, and a histogram from the 1st to the 99th percentile."""
    from aig.extractors.calibrate import MEASURES

    column = MEASURES[name][0]
    scale = getattr(fitted, name)
    bounds = list(scale.bounds[gender] if gender else scale.bounds)
    where, values = _where(column, gender)
    level = " + ".join(f"({column} >= {bound})::INT" for bound in bounds)
    counted = database.execute(f"SELECT {level}, count(*) FROM measured WHERE {where} GROUP BY 1", values).fetchall()  # noqa: S608
    per_level = [dict(counted).get(index, 0) for index in range(5)]
    ends = database.execute(f"SELECT quantile_cont({column}, [0.01, 0.99]) FROM measured WHERE {where}", values)  # noqa: S608
    found = ends.fetchone()
    edges: list[float] = []
    bins: list[int] = []
    if found and found[0] and found[0][0] < found[0][1]:
        low, high = found[0]
        step = (high - low) / _BINS
        edges = [low + index * step for index in range(_BINS + 1)]
        binned = database.execute(
            f"SELECT least(greatest(floor(({column} - $low) / $step), 0), {_BINS - 1})::INT, count(*) "  # noqa: S608
            f"FROM measured WHERE {where} GROUP BY 1",
            values | {"low": low, "step": step},
        ).fetchall()
        bins = [dict(binned).get(index, 0) for index in range(_BINS)]
    return {
        "scale": f"{name}.{gender}" if gender else name,
        "field": column,
        "words": list(scale.words),
        "bounds": bounds,
        "clips": per_level,
        "histogram": {"edges": edges, "clips": bins},
    }


def _show(row: dict[str, Any]) -> None:
    """The levels of one scale as a table, then its histogram with the bounds drawn between the bars."""
    total = sum(row["clips"]) or 1
    ends = ["", *(f"{bound:g}" for bound in row["bounds"]), ""]
    cells = [
        (word, f"{low or '…'} to {high or '…'}", clips, f"{clips / total:.0%}")
        for word, low, high, clips in zip(row["words"], ends, ends[1:], row["clips"], strict=False)
    ]
    note = f"; earlier bounds kept: {row['kept']}" if row["kept"] else ""
    print_table(f"{row['scale']} ({row['field']}){note}", ("level", "from, to below", "clips", "share"), cells)
    edges, bins = row["histogram"]["edges"], row["histogram"]["clips"]
    bounds = list(row["bounds"])
    for low, high, clips in zip(edges, edges[1:], bins, strict=False):
        typer.echo(f"{low:>9.1f} {'█' * round(_WIDTH * clips / max(bins)):<{_WIDTH}} {clips:,}")
        while bounds and bounds[0] < high:
            typer.echo(f"{'':>9} {'─' * _WIDTH} {bounds.pop(0):g}")
    typer.echo("")
