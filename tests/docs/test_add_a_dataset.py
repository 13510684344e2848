"""The page on adding a dataset, followed to the letter."""

import re

from aig.datasets_registry.dataset import Dataset, Source
from aig.generators.closed_ended.registry import TASKS
from helpers import ROOT

PAGE = ROOT / "docs" / "add_a_dataset.md"


def test_the_page_holds_what_it_says(tmp_path):
    module, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {"__name__": "datasets_registry.esc50"}
    exec(compile(module, f"{PAGE.name}, module", "exec"), names)
    dataset = names["DATASET"]
    assert isinstance(dataset, Dataset)
    assert set(dataset.closed_tasks) <= set(TASKS)
    scope = names | {"Source": Source}
    exec(compile(test, f"{PAGE.name}, test", "exec"), scope)
    scope["test_esc50"](tmp_path)
