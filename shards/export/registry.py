"""The exports that `aig export --to` knows by name."""

from __future__ import annotations

import difflib

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object
from aig.shards.export.form import Form
from aig.shards.export.forms.af3 import AF3
from aig.shards.export.forms.grpo import GRPO
from aig.shards.export.forms.hf_audio import HF_AUDIO
from aig.shards.export.forms.jsonl import JSONL
from aig.shards.export.forms.lhotse_shar import LHOTSE_SHAR
from aig.shards.export.forms.ltu import LTU_AS, LTU_JSON
from aig.shards.export.forms.messages import MESSAGES
from aig.shards.export.forms.mmau import MMAU
from aig.shards.export.forms.nemo import NEMO
from aig.shards.export.forms.preference import DPO, KTO
from aig.shards.export.forms.salmonn import SALMONN
from aig.shards.export.forms.trl import TRL
from aig.shards.export.forms.webdataset import WEBDATASET

__all__ = ["FORMS", "find"]

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        MESSAGES,
        TRL,
        GRPO,
        DPO,
        KTO,
        AF3,
        NEMO,
        LHOTSE_SHAR,
        HF_AUDIO,
        WEBDATASET,
        LTU_JSON,
        LTU_AS,
        SALMONN,
        MMAU,
        JSONL,
    )
}
"""By name, in the order in which help and documentation list them."""


def find(name: str) -> Form:
    """An export by its name, or one's own by `module:object`.

    Raises:
        UsageError: there is none.
    """
    if is_reference(name):
        return load_object(name, Form)
    if name not in FORMS:
        near = difflib.get_close_matches(name, FORMS, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"unknown export {name!r}", f"{hint}Choose one of: {', '.join(FORMS)}.")
    return FORMS[name]
