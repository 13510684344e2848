"""The browser app's pages, as a Starlette application."""

from __future__ import annotations

from dataclasses import asdict, fields
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from aig.core.clip_pairs import clips_of
from aig.extractors.errors import AudioError
from aig.pipelines.views.browse.guard import Guard
from aig.pipelines.views.browse.site import Query, Site
from aig.pipelines.views.clip_lookup import fields_of
from aig.pipelines.views.escaping import html_environment
from aig.pipelines.workspace.marks import NOTE_LENGTH, Mark
from aig.shards.schema import LINEAGE

__all__ = ["create_app"]

PAGE = 30
"""Rows of a page."""

COMPARED = 10
"""Clips of a page that compares two prompts."""

_FORM_BYTES = 4 * NOTE_LENGTH + 10_000


def create_app(site: Site, *, token: str, hosts: frozenset[str], cookie: str = "aig_browse") -> Starlette:
    """The application.

    Args:
        site: what is shown.
        token: that requests must know.
        hosts: `host:port` names under which requests are answered, in lower case.
        cookie: name of the cookie that carries the token.
    """
    static = resources.files("aig.pipelines.views.browse").joinpath("static")
    pages = _Pages(site)
    return Starlette(
        routes=[
            Route("/", pages.rows),
            Route("/pair/{place:int}", pages.pair),
            Route("/compare", pages.compare),
            Route("/audio/{audio_id:path}", pages.audio),
            Route("/spectrogram/{audio_id:path}", pages.spectrogram),
            Route("/marks", pages.mark, methods=["POST"]),
            Route("/marks.jsonl", pages.marks),
            Mount("/static", StaticFiles(directory=str(static))),
        ],
        middleware=[Middleware(Guard, token=token, hosts=hosts, cookie=cookie)],
        exception_handlers={HTTPException: pages.trouble, AudioError: pages.no_sound},
    )


class _Pages:
    """The pages; each method answers one route."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._templates = html_environment("aig.pipelines.views.browse")
        self._templates.globals.update(
            source=site.source, has_workspace=site.lookup is not None, note_length=NOTE_LENGTH
        )
        self._templates.filters["clips"] = clips_of
        self._templates.filters["query"] = lambda values: urlencode(
            {name: value for name, value in values.items() if value not in ("", None)}
        )

    def _page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values), status)

    def rows(self, request: Request) -> Response:
        """Rows that fit the filters of the address."""
        asked = request.query_params
        query = Query(**{field.name: asked.get(field.name, "").strip() for field in fields(Query)})
        found = self.site.rows.find(self.site.filters(query), _number(asked.get("from")), PAGE)
        return self._page(
            "rows.html.j2",
            query=asdict(query),
            found=found,
            start=_number(asked.get("from")),
            marks=self.site.marks.by_id,
            labels=self.site.labels,
            levels=self.site.levels,
        )

    def pair(self, request: Request) -> Response:
        """One row with its lineage, its clip, and the clip's other rows."""
        try:
            row = self.site.rows.read([request.path_params["place"]])[0]
        except IndexError:
            raise HTTPException(404, "There is no such row.") from None
        known, exchange = [], None
        named = clips_of(row["audio_id"])
        for audio_id, which in zip(
            named, ("", "") if len(named) == 1 else (", first clip", ", second clip"), strict=False
        ):
            clip = self.site.clip(audio_id)
            if self.site.lookup is None or clip is None:
                continue
            features = self.site.lookup.features(audio_id)
            known.append((f"Annotated{which}", fields_of(clip)))
            known.append((f"Measured{which}", fields_of(features) if features else []))
            if row["request_id"]:
                exchange = self.site.lookup.exchange(clip, features, row["prompt"], row["request_id"])
        others = [other for other in self.site.rows.of_clip(row["audio_id"]) if other["place"] != row["place"]]
        return self._page(
            "pair.html.j2",
            row=row,
            lineage=[(name, row[name]) for name in LINEAGE.names],
            known=known,
            exchange=exchange,
            others=others,
            marks=self.site.marks.by_id,
        )

    def compare(self, request: Request) -> Response:
        """Two prompts side by side, clip by clip."""
        left, right = (request.query_params.get(name, "") for name in ("left", "right"))
        start = _number(request.query_params.get("from"))
        clips = self.site.compared(left, right, start, COMPARED) if left and right else []
        return self._page(
            "compare.html.j2",
            prompts=self.site.prompts,
            left=left,
            right=right,
            clips=clips,
            next=start + COMPARED if len(clips) == COMPARED else None,
        )

    def audio(self, request: Request) -> Response:
        """A clip's sound; ranges of it where asked for."""
        audio_id = request.path_params["audio_id"]
        return FileResponse(
            self.site.sounds.file(audio_id, self.site.clip(audio_id)),
            media_type="audio/wav",
            headers={"cache-control": "private, max-age=3600"},
        )

    def spectrogram(self, request: Request) -> Response:
        """A clip's spectrogram."""
        audio_id = request.path_params["audio_id"]
        return FileResponse(
            self.site.sounds.picture(audio_id, self.site.clip(audio_id)),
            media_type="image/png",
            headers={"cache-control": "private, max-age=3600"},
        )

    async def mark(self, request: Request) -> Response:
        """Takes a mark; answers with it, or, to a page without script, with the page it came from."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _FORM_BYTES:
                raise HTTPException(413, "The note is too long.")
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            mark = Mark(qa_id=form.get("qa_id", ""), mark=form.get("mark", ""), note=form.get("note", "").strip())  # type: ignore[arg-type]
        except ValidationError as error:
            raise HTTPException(400, error.errors(include_url=False)[0]["msg"]) from None
        self.site.marks.add(mark)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(mark.model_dump())
        back = form.get("back", "/")
        return RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)

    def marks(self, _: Request) -> Response:
        """The marks in force, as a file for `aig publish --drop`."""
        lines = "".join(mark.model_dump_json() + "\n" for mark in self.site.marks.by_id.values())
        return Response(
            lines,
            media_type="application/jsonl",
            headers={"content-disposition": 'attachment; filename="marks.jsonl"'},
        )

    def trouble(self, _: Request, error: Exception) -> Response:
        """A page that says what is wrong with a request."""
        assert isinstance(error, HTTPException)
        return self._page("trouble.html.j2", error.status_code, message=error.detail)

    def no_sound(self, _: Request, error: Exception) -> Response:
        """Why a clip cannot be heard."""
        assert isinstance(error, AudioError)
        return JSONResponse({"error": error.code, "message": error.message, "advice": error.advice}, 404)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0
