"""A published set to a repository of the Hugging Face hub: one commit and one tag a version.

The large files go first, and the hub takes each only once, so a push that is interrupted continues where it was. Then
one commit puts the whole version in place of the one before, so that nobody ever reads half of one, and a tag keeps it
readable.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aig.core.errors import DataError, UsageError
from aig.core.extras import missing_extra
from aig.shards.card import card
from aig.shards.croissant import croissant
from aig.shards.hub_errors import refusals
from aig.shards.hub_files import endpoint
from aig.shards.manifest import MANIFEST, FileEntry, Manifest, is_shard
from aig.shards.published import PublishedSet
from aig.shards.reach import status_of
from aig.shards.sounds import RESTRICTED, sound_files, without_sounds
from aig.shards.validator.validate import validate

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

__all__ = ["Pushed", "push"]

_REPO = re.compile(r"(?:hf://datasets/)?([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)")
_TAG = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_NUMBERED = re.compile(r"v(\d{1,6})")

_BATCH_BYTES = 1 << 30
_BATCH_FILES = 32
"""Files uploaded at a time; what is done of a batch that fails is kept by the hub."""

_REFUSED = (400, 401, 403, 404, 422, 429)
"""Answers to a commit that was not made."""

_SMALL_BYTES = 10_000_000
"""The hub keeps larger files outside git, whatever their name."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push put on the hub.

    Attributes:
        repo: `OWNER/NAME`.
        tag: of this version.
        commit: that the tag names.
        url: `hf://datasets/OWNER/NAME@TAG`, which `aig validate` and its siblings read.
        files: of the set.
        bytes: of them.
        changed: whether a commit was made; `False` where the hub had this very set already.
    """

    repo: str
    tag: str
    commit: str
    url: str
    files: int
    bytes: int
    changed: bool


def push(
    url: str,
    repo: str,
    *,
    tag: str | None = None,
    public: bool = False,
    audio: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Pushed:
    """Pushes a published set, after checking it, as a version of a dataset on the hub.

    Args:
        url: the set.
        repo: `OWNER/NAME`; it is made where it does not exist.
        tag: name of the version; the next of `v1`, `v2`, ... where not given.
        audio: whether the audio that the set holds and that licences let pass on is pushed too.
        public: whether everybody may read the repository; else it is made private. One that is there is left as it is,
            and refused where it is not as asked.
        progress: told bytes sent or found on the hub, and bytes there are.

    Raises:
        UsageError: no such repository, no login, a tag that is taken, a repository that holds something else.
        DataError: the set is not valid, or the hub did not take it.
    """
    name = _repo_name(repo)
    if tag is not None and not _TAG.fullmatch(tag):
        raise UsageError(f"{tag!r} is not a valid tag", "Use letters, digits, dots, dashes and underscores.")
    report = validate(url)
    if not report.ok:
        first = report.errors[0]
        raise DataError(
            f"{url} is not valid, so it is not pushed: {first.code} in {first.shard or 'the set'}: {first.message}",
            "See all findings with `aig validate`, and publish the set again.",
        )
    published = PublishedSet(url)
    manifest = _what_goes(published.manifest(), audio)
    with refusals(name):
        api = _api()
        api.create_repo(name, repo_type="dataset", private=not public, exist_ok=True)
        about = api.dataset_info(name)
        if not public and not about.private:
            raise UsageError(
                f"{name} is public, and everybody could read the set", "Say --public, or name a private repository."
            )
        if public and about.private:
            raise UsageError(
                f"{name} is private, and --public does not open what is there",
                "Make it public in its settings on the hub, with all its versions, or leave --public out.",
            )
        there = [file.rfilename for file in about.siblings or ()]
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(name, repo_type="dataset").tags}
        wanted = tag or _next_number(tags)
        before = _manifest_there(name, there)
        if before == manifest:
            known = [one for one, commit in tags.items() if commit == about.sha]
            if tag in known or (tag is None and known):
                return _pushed(name, tag or known[0], str(about.sha), manifest, changed=False)
        if wanted in tags:
            raise UsageError(f"{name} has another version tagged {wanted}", "Leave --tag out, or give another name.")
        commit = str(about.sha)
        if before != manifest:
            others = sorted(set(there) - {".gitattributes", "README.md"})
            if before is None and others:
                raise UsageError(
                    f"{name} holds {len(others)} files that are not a published set, such as {others[0]}",
                    "Name another repository; `aig push` makes it.",
                )
            commit = _commit(api, name, commit, published, manifest, wanted, there, progress)
        api.create_tag(name, tag=wanted, revision=commit, repo_type="dataset")
    return _pushed(name, wanted, commit, manifest, changed=before != manifest)


def _what_goes(manifest: Manifest, audio: bool) -> Manifest:
    """The set without the audio that nobody asked for or that may not be passed on.

    Raises:
        UsageError: audio is asked for, and there is none that may be passed on.
    """
    if not audio:
        return without_sounds(manifest)
    left = without_sounds(manifest, (RESTRICTED,))
    if not sound_files(left):
        why = "the licences of its clips let nobody pass it on" if sound_files(manifest) else "the set holds none"
        raise UsageError(
            f"there is no audio to push: {why}", "Leave --audio out, or publish with publish: {audio: true}."
        )
    return left


def _repo_name(repo: str) -> str:
    found = _REPO.fullmatch(repo)
    if found is None:
        raise UsageError(f"{repo!r} is not the name of a repository", "Write OWNER/NAME, such as my-team/my-questions.")
    return found[1]


def _api() -> HfApi:
    try:
        from huggingface_hub import HfApi, get_token
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]
    except ImportError as error:
        raise missing_extra("a push needs huggingface_hub, which is not installed", "huggingface") from error
    if get_token() is None:
        raise UsageError(
            "nobody is logged in to the hub", "Set HF_TOKEN to a token that may write, or run: hf auth login."
        )
    disable_progress_bars()  # the command shows its own
    return HfApi(endpoint=endpoint())


def _next_number(tags: dict[str, str]) -> str:
    numbers = [int(found[1]) for name in tags if (found := _NUMBERED.fullmatch(name))]
    return f"v{max(numbers, default=0) + 1}"


def _manifest_there(name: str, there: list[str]) -> Manifest | None:
    """The manifest of the version that the repository has now; `None` where it is not a set, or of another schema."""
    return PublishedSet(f"hf://datasets/{name}").problems()[0] if MANIFEST in there else None


def _pushed(name: str, tag: str, commit: str, manifest: Manifest, *, changed: bool) -> Pushed:
    size = sum(entry.bytes for entry in manifest.files)
    return Pushed(name, tag, commit, f"hf://datasets/{name}@{tag}", len(manifest.files), size, changed)


def _commit(
    api: HfApi,
    name: str,
    parent: str,
    published: PublishedSet,
    manifest: Manifest,
    tag: str,
    there: list[str],
    progress: Callable[[int, int], None] | None,
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    total = sum(entry.bytes for entry in manifest.files)
    done = 0
    operations: list[CommitOperationAdd | CommitOperationDelete] = []
    for batch in _batches(manifest):
        with contextlib.ExitStack() as stack:
            additions = [_addition(published, entry, stack) for entry in batch]
            api.preupload_lfs_files(name, additions, repo_type="dataset")
        operations += additions
        done += sum(entry.bytes for entry in batch)
        if progress:
            progress(done, total)
    at = f'"{name}", "stage3", split="train", revision="{tag}"'
    loading = card(manifest).replace('"<this folder>", "stage3", split="train"', at)
    texts = {"README.md": loading.encode(), "croissant.json": croissant(manifest), MANIFEST: manifest.to_bytes()}
    operations += [CommitOperationAdd(path, content) for path, content in texts.items()]
    new = {entry.path for entry in manifest.files}
    operations += [CommitOperationDelete(path) for path in there if is_shard(path) and path not in new]
    message = f"Publish {tag}: {manifest.rows} rows"
    try:
        return api.create_commit(
            name, operations, commit_message=message, repo_type="dataset", parent_commit=parent
        ).oid
    except Exception as error:
        if status_of(error) in _REFUSED:
            raise
        # The hub's gateway gives up on a large commit before the hub does: it may be there all the same.
        about = api.dataset_info(name)
        if about.sha == parent or _manifest_there(name, [MANIFEST]) != manifest:
            raise
        return str(about.sha)


def _batches(manifest: Manifest) -> Iterator[list[FileEntry]]:
    batch: list[FileEntry] = []
    for entry in manifest.files:
        if batch and (len(batch) == _BATCH_FILES or sum(one.bytes for one in batch) + entry.bytes > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _addition(published: PublishedSet, entry: FileEntry, stack: contextlib.ExitStack) -> CommitOperationAdd:
    """A file of the set, which may go from this disk once it is uploaded."""
    from huggingface_hub import CommitOperationAdd

    file = stack.enter_context(published.file(entry.path))
    return CommitOperationAdd(entry.path, file.read_bytes() if entry.bytes < _SMALL_BYTES else str(file))
