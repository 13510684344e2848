"""Proof of learning: a tiny audio language model hears, from exported rows, what one that does not hear cannot know.

    aig export SHARDS --to messages --config CONFIG --out rows.jsonl
    python examples/train_audio_lm.py rows.jsonl [--json FIGURES.json] [--plot FIGURES.png]

Trains some half a million parameters on the CPU for a minute or two, on four fifths of the clips, and answers the
questions about the rest. Two controls show that the audio is what it learns from: the same model given another clip's
audio, and a model trained on answers that were shuffled among the clips. Both fall to what the most common answer gets.

Every token of the answer is conditioned on the audio: as a prefix alone so small a model does not learn to use it.
Needs torch, librosa and soundfile; matplotlib for --plot.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import librosa
import soundfile
import torch
from torch import nn
from torch.nn import functional

RATE, FFT, HOP, MELS, FRAMES = 16_000, 1024, 640, 80, 80
PAD, START, END, UNKNOWN = 0, 1, 2, 3
WIDTH, SOUND, BATCH, SHIFT = 128, 96, 64, 4


@dataclass(frozen=True)
class Row:
    """A question about a clip and its answer."""

    clip: str
    audio: str
    task: str
    question: str
    answer: str


def read_rows(file: Path) -> list[Row]:
    """The rows of an export `--to messages`; a conversation's turns apart."""
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        talk = [turn["content"].replace("<audio>", "") for turn in record["messages"]]
        for asked, answered in zip(talk[::2], talk[1::2], strict=True):
            rows.append(Row(record["audio_id"], record["audios"][0], record["channel"], asked, answered))
    return rows


def held_out(clip: str) -> bool:
    """Whether a clip is for the test: one in five, by its name."""
    return hashlib.sha256(clip.encode()).digest()[0] < 51


def heard(files: list[str]) -> dict[str, torch.Tensor]:
    """Log mel spectrograms of the first 3.2 s, shape `(MELS, FRAMES)`; loudness is kept."""
    mel = librosa.filters.mel(sr=RATE, n_fft=FFT, n_mels=MELS, fmin=50, fmax=RATE / 2, htk=True, norm=None)
    filters, window, found = torch.tensor(mel), torch.hann_window(FFT), {}
    for file in files:
        samples, rate = soundfile.read(file, dtype="float32")
        assert rate == RATE, f"{file} is not at 16 kHz: export with --audio copy"
        padded = functional.pad(torch.tensor(samples[: FRAMES * HOP]), (0, max(0, FRAMES * HOP - len(samples))))
        power = torch.stft(padded, FFT, HOP, window=window, return_complex=True).abs() ** 2
        found[file] = (torch.log10(filters @ power + 1e-7)[:, :FRAMES] + 2) / 3
    return found


def words_of(text: str) -> list[str]:
    """A text as words in lower case and signs, so that a word is the same within a sentence and at its end."""
    return re.findall(r"\w+|[^\w\s]", text.lower())


class Vocabulary:
    """Words of the training rows."""

    def __init__(self, rows: list[Row]) -> None:
        words = sorted({word for row in rows for word in words_of(f"{row.question} {row.answer}")})
        self.words = ["<pad>", "<start>", "<end>", "<unknown>", *words]
        self._number = {word: number for number, word in enumerate(self.words)}

    def numbers(self, text: str) -> list[int]:
        """A text as numbers of words."""
        return [self._number.get(word, UNKNOWN) for word in words_of(text)]

    def text(self, numbers: list[int]) -> str:
        """Numbers of words as a text."""
        return " ".join(self.words[number] for number in numbers)


@dataclass(frozen=True)
class Context:
    """What a row's answer depends on, each of shape `(rows, WIDTH)`.

    Attributes:
        audio: what is heard, weighed by the question.
        asked: the question.
        guess: the word that what is heard calls for.
        seen: what stands in the question where words like the guess are, such as an option's letter.
    """

    audio: torch.Tensor
    asked: torch.Tensor
    guess: torch.Tensor
    seen: torch.Tensor


class AudioLM(nn.Module):
    """Convolutions over the spectrogram, weighed by the question, and a recurrent decoder.

    What is heard leads to a guess in the space of the words, and the guess is looked for among the question's words: a
    decoder that attends to them in a space of its own learns from so few clips what is heard, but not at which letter.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, WIDTH, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=WIDTH**-0.5)
        self.reader = nn.Conv1d(WIDTH, WIDTH, 7, padding=3)
        self.low = nn.Sequential(nn.Conv1d(MELS + 1, SOUND, 5, stride=2, padding=2), nn.GELU(), nn.Dropout(0.1))
        self.high = nn.Conv1d(SOUND, SOUND, 3, padding=1)
        self.weigh = nn.Linear(WIDTH, 2 * SOUND)
        self.audio = nn.Sequential(nn.Linear(2 * SOUND + 2 * MELS, WIDTH), nn.GELU(), nn.Dropout(0.2))
        self.guess = nn.Linear(WIDTH, WIDTH)
        self.sharp, self.bound = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(0.4))
        self.decoder = nn.GRU(3 * WIDTH, WIDTH, batch_first=True)
        self.head = nn.Sequential(nn.Linear(3 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.gate = nn.Linear(WIDTH, 1)

    def context(self, mels: torch.Tensor, questions: torch.Tensor) -> Context:
        """What each row's answer depends on."""
        words = self.embedding(questions).transpose(1, 2)
        there = (questions != PAD)[:, None]
        read = functional.gelu(self.reader(words)) * there
        asked = read.sum(2) / there.sum(2)
        gain, shift = self.weigh(asked)[:, :, None].chunk(2, 1)
        time = torch.linspace(-1, 1, FRAMES).expand(len(mels), 1, -1)
        found = functional.gelu(self.high(self.low(torch.cat([mels, time], 1))) * (1 + gain) + shift)
        audio = self.audio(torch.cat([found.mean(2), found.amax(2), mels.mean(2), mels.std(2)], 1))
        guess = self.guess(audio)
        alike = functional.cosine_similarity(guess[:, :, None], words, dim=1)
        seen = (torch.sigmoid(self.sharp * (alike - self.bound))[:, None] * read).sum(2)
        return Context(audio, asked, guess, seen)

    def forward(
        self, context: Context, tokens: torch.Tensor, state: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of the next token at each place, and the decoder's state."""
        known = torch.stack([context.audio, context.asked, context.guess, context.seen])
        audio, asked, guess, seen = known[:, :, None].expand(-1, -1, tokens.shape[1], -1)
        out, state = self.decoder(torch.cat([self.embedding(tokens), audio, asked], 2), state)
        said = self.head(torch.cat([out, guess, seen], 2)) + torch.sigmoid(self.gate(out)) * guess
        return said @ self.embedding.weight.T, state


def padded(sequences: list[list[int]]) -> torch.Tensor:
    """Sequences as one tensor, padded on the right."""
    longest = max(map(len, sequences))
    return torch.tensor([sequence + [PAD] * (longest - len(sequence)) for sequence in sequences])


def options(row: Row) -> list[str]:
    """The options of a multiple-choice question, without their letters; none of another."""
    return [line.split(") ", 1)[1] for line in row.question.split("\n")[1:] if line.startswith("(")]


def dealt_again(row: Row, draw: random.Random) -> Row:
    """The row with its options at other letters, so that no question is known by the letter of its answer."""
    if not (texts := options(row)):
        return row
    right = row.answer.split(") ", 1)[1]
    draw.shuffle(texts)
    lines = [f"({letter}) {text}" for letter, text in zip("ABCDE", texts, strict=False)]
    asked = row.question.split("\n", 1)[0]
    return replace(row, question="\n".join([asked, *lines]), answer=lines[texts.index(right)])


def train(rows: list[Row], mels: dict[str, torch.Tensor], words: Vocabulary, epochs: int, seed: int) -> AudioLM:
    """A model trained on the rows."""
    torch.manual_seed(seed)
    draw = random.Random(seed)
    model = AudioLM(len(words.words))
    steps = epochs * ((len(rows) + BATCH - 1) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    rows = list(rows)
    for _ in range(epochs):
        draw.shuffle(rows)
        for start in range(0, len(rows), BATCH):
            batch = [dealt_again(row, draw) for row in rows[start : start + BATCH]]
            sound = torch.stack([mels[row.audio] for row in batch])
            sound = sound.roll(draw.randint(-SHIFT, SHIFT), 2) + 0.02 * torch.randn(sound.shape)
            context = model.context(sound, padded([words.numbers(row.question) for row in batch]))
            answers = padded([[START, *words.numbers(row.answer), END] for row in batch])
            scores, _ = model(context, answers[:, :-1])
            loss = functional.cross_entropy(scores.flatten(0, 1), answers[:, 1:].flatten(), ignore_index=PAD)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def answered(model: AudioLM, rows: list[Row], mels: dict[str, torch.Tensor], words: Vocabulary) -> list[str]:
    """What the model answers, word by word, the likeliest each time."""
    sound = torch.stack([mels[row.audio] for row in rows])
    context = model.context(sound, padded([words.numbers(row.question) for row in rows]))
    token, state = torch.full((len(rows), 1), START), None
    written: list[list[int]] = [[] for _ in rows]
    open_rows = torch.ones(len(rows), dtype=torch.bool)
    for _ in range(24):
        scores, state = model(context, token, state)
        token = scores[:, -1:].argmax(2)
        open_rows &= token[:, 0] != END
        for row in torch.nonzero(open_rows)[:, 0].tolist():
            written[row].append(int(token[row, 0]))
    return [words.text(numbers) for numbers in written]


def right(said: list[str], rows: list[Row]) -> dict[str, float]:
    """Share of answers that are right to the word, by task."""
    by_task: dict[str, list[bool]] = defaultdict(list)
    for text, row in zip(said, rows, strict=True):
        by_task[row.task].append(text == " ".join(words_of(row.answer)))
    return {task: sum(hits) / len(hits) for task, hits in sorted(by_task.items())}


def shuffled(rows: list[Row], seed: int) -> list[Row]:
    """The rows with their answers dealt out among the clips of each task, each with the question that it answers."""
    draw = random.Random(seed)
    clips: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        clips[row.task].append(row.audio)
    for pile in clips.values():
        draw.shuffle(pile)
    return [replace(row, audio=clips[row.task].pop()) for row in rows]


def moved(rows: list[Row]) -> list[Row]:
    """The rows, each about another clip of its task."""
    clips: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        clips[row.task].append(row.audio)
    places = {task: iter([*audio[len(audio) // 2 :], *audio[: len(audio) // 2]]) for task, audio in clips.items()}
    return [replace(row, audio=next(places[row.task])) for row in rows]


def commonest(train_rows: list[Row], test_rows: list[Row]) -> list[str]:
    """To each question its task's most common answer; to a multiple choice, the option at the most common letter."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in train_rows:
        counts[row.task][row.answer[:2] if options(row) else row.answer] += 1
    said = []
    for row in test_rows:
        answer = counts[row.task].most_common(1)[0][0]
        lines = [line for line in row.question.split("\n")[1:] if line.startswith(answer)]
        said.append(" ".join(words_of(lines[0] if lines else answer)))
    return said


def figures(rows: list[Row], *, epochs: int, seed: int) -> dict[str, dict[str, float]]:
    """By task: right answers on held-out clips, of the model, of the most common answer, and of the two controls."""
    mels = heard(sorted({row.audio for row in rows}))
    train_rows = [row for row in rows if not held_out(row.clip)]
    test_rows = [row for row in rows if held_out(row.clip)]
    words = Vocabulary(train_rows)
    model = train(train_rows, mels, words, epochs, seed)
    print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters", file=sys.stderr)
    deaf = train(shuffled(train_rows, seed), mels, words, epochs, seed)
    columns = {
        "model": answered(model, test_rows, mels, words),
        "most common answer": commonest(train_rows, test_rows),
        "another clip's audio": answered(model, moved(test_rows), mels, words),
        "shuffled answers": answered(deaf, test_rows, mels, words),
    }
    scores = {name: right(said, test_rows) for name, said in columns.items()}
    number = Counter(row.task for row in test_rows)
    return {
        task: {"rows": number[task], **{n: round(s[task], 3) for n, s in scores.items()}} for task in sorted(number)
    }


def plot(found: dict[str, dict[str, float]], file: Path) -> None:
    """A bar for each task and column."""
    import matplotlib

    matplotlib.use("svg" if file.suffix == ".svg" else "agg")
    from matplotlib import pyplot

    names = [name for name in next(iter(found.values())) if name != "rows"]
    figure, axes = pyplot.subplots(figsize=(max(8, 0.8 * len(found)), 4), layout="constrained")
    for place, name in enumerate(names):
        at = [task + (place - 1.5) * 0.2 for task in range(len(found))]
        axes.bar(at, [values[name] for values in found.values()], 0.18, label=name)
    axes.set_xticks(range(len(found)), list(found), rotation=20, ha="right")
    axes.set_ylabel("right answers, held-out clips")
    axes.set_ylim(0, 1)
    axes.legend(ncols=4, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 1.13), frameon=False)
    figure.savefig(file, dpi=120)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Trains a tiny audio language model on exported rows.")
    parser.add_argument("rows", type=Path, help="what `aig export --to messages` wrote")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plot", type=Path, help="draw them here")
    given = parser.parse_args()
    torch.set_num_threads(1)  # so small a model is no faster on several
    found = figures(read_rows(given.rows), epochs=given.epochs, seed=given.seed)
    names = [name for name in next(iter(found.values())) if name != "rows"]
    print("| task | rows | " + " | ".join(names) + " |\n|---|" + "---|" * (len(names) + 1))
    for task, values in found.items():
        print(f"| {task} | {values['rows']:.0f} | " + " | ".join(f"{values[name]:.2f}" for name in names) + " |")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if given.plot:
        plot(found, given.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
