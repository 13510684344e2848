"""Trains a toy on published shards, just as the trainers of LTU and LTU-AS would begin: does everything fit together?

    python examples/train_smoke_test.py SHARDS

Loads `stage1`, then `stage3`, with Hugging Face `datasets`, once from disk and once streaming; builds LTU's prompt;
turns it into tokens with the prompt's labels at -100; makes left-padded batches; takes ten steps of a tiny causal
language model on the CPU. It proves the data's shape, not its worth. Exit status 1 where something does not fit.

Needs `datasets` and `torch`. Bytes stand in for Llama's tokens, so the cut-off is four times the trainers' 108.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import datasets
import torch
from torch import nn

COLUMNS = ["instruction", "input", "audio_id", "dataset", "task", "output"]
PAD, START, END, IGNORED = 256, 257, 258, -100
CUTOFF = 4 * 108
BATCH, STEPS = 8, 10


def prompt(row: dict[str, str]) -> str:
    """LTU's prompt; a row without `input` has no Input block."""
    heard = f"### Input:\n{row['input']}\n\n" if row["input"] else ""
    return f"### Instruction:\n{row['instruction']}\n\n{heard}### Response:\n"


def tokens(row: dict[str, str]) -> tuple[list[int], list[int]]:
    """Token ids and labels of a row: the model learns the answer, not the question; what is too long is cut."""
    asked = [START, *prompt(row).encode()]
    answered = [*row["output"].encode(), END]
    ids = (asked + answered)[:CUTOFF]
    return ids, ([IGNORED] * len(asked) + answered)[:CUTOFF]


@dataclass
class Batch:
    """Shapes `(rows, longest)`: token ids padded on the left, labels with -100 at padding and prompt."""

    ids: torch.Tensor
    labels: torch.Tensor


def batches(rows: Iterable[dict[str, str]]) -> Iterator[Batch]:
    """Left-padded batches of `BATCH` rows, without end: the rows begin again when they are through."""
    endless = itertools.chain.from_iterable(itertools.repeat(rows))
    while True:
        pairs = [tokens(row) for row in itertools.islice(endless, BATCH)]
        longest = max(len(ids) for ids, _ in pairs)
        yield Batch(
            torch.tensor([[PAD] * (longest - len(ids)) + ids for ids, _ in pairs]),
            torch.tensor([[IGNORED] * (longest - len(labels)) + labels for _, labels in pairs]),
        )


class TinyModel(nn.Module):
    """A causal language model over bytes: an embedding, one recurrent layer, a head; 60,000 parameters."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(259, width, padding_idx=PAD)
        self.layer = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, 259)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy of each next token, over the tokens that count."""
        states, _ = self.layer(self.embedding(batch.ids[:, :-1]))
        return nn.functional.cross_entropy(
            self.head(states).flatten(0, 1), batch.labels[:, 1:].flatten(), ignore_index=IGNORED
        )


def check(batch: Batch) -> None:
    """The batch is what a causal trainer expects."""
    padded = batch.ids == PAD
    if not bool((padded[:, 1:] <= padded[:, :-1]).all()):
        raise ValueError("padding is not on the left alone")
    if not bool((batch.labels[padded] == IGNORED).all()) or not bool((batch.labels != IGNORED).any(dim=1).all()):
        raise ValueError("labels do not fit: padding counts, or an answer is cut off whole")


def train(rows: Iterable[dict[str, str]], model: TinyModel) -> list[float]:
    """Ten steps; the loss of each."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for batch in itertools.islice(batches(rows), STEPS):
        check(batch)
        loss = model.loss(batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def some(dataset: Any, streaming: bool) -> list[dict[str, str]]:
    """Enough rows for ten steps, drawn over the whole set or, of a stream, over its first thousand rows."""
    if streaming:
        return list(dataset.shuffle(seed=0, buffer_size=1000).take(BATCH * STEPS))
    return list(dataset.shuffle(seed=0).select(range(min(len(dataset), BATCH * STEPS))))


def first_fault(stage: str, rows: list[dict[str, str]], losses: list[float]) -> str | None:
    """What does not fit, if anything."""
    strangers = {row["task"] for row in rows if "cla" not in row["task"] and not row["task"].startswith("emotion")}
    if stage == "stage1" and strangers:
        return f"stage1 holds {sorted(strangers)}, which is no classification"
    if not all(map(math.isfinite, losses)) or min(losses[-3:]) >= losses[0]:
        return f"{stage}: the loss does not fall: {losses}"
    return None


def main(arguments: list[str]) -> int:
    """Runs the smoke test and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", help="folder of a published set")
    shards = parser.parse_args(arguments).shards
    torch.set_num_threads(1)  # so small a model is slower on more
    for streaming in (False, True):
        torch.manual_seed(0)
        model = TinyModel()
        for stage in ("stage1", "stage3"):
            if stage not in datasets.get_dataset_config_names(shards):
                print(f"{stage}: the set has no such rows")
                continue
            dataset = datasets.load_dataset(shards, stage, split="train", streaming=streaming)
            if list(dataset.features) != COLUMNS:
                print(f"{stage}: columns are {list(dataset.features)}, not {COLUMNS}", file=sys.stderr)
                return 1
            rows = some(dataset, streaming)
            losses = train(rows, model)
            if fault := first_fault(stage, rows, losses):
                print(fault, file=sys.stderr)
                return 1
            how = "streaming" if streaming else "from disk"
            print(f"{stage} {how}: {len(rows)} rows, {STEPS} steps, loss {losses[0]:.2f} -> {losses[-1]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
