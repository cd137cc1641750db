"""The figures in the corpus's datasheet, kept equal to the corpus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.errors import FieldError
from data.records import LabelledReport
from data.taxonomy import Taxonomy


def counts_block(records: Sequence[LabelledReport], taxonomy: Taxonomy) -> str:
    """Render the counts of a corpus as Markdown tables.

    :param records: The corpus.
    :param taxonomy: Its labels, in order.
    :return: The text between the datasheet's markers.
    """
    languages = [code for code, _ in Counter(r.language or "none" for r in records).most_common()]
    rows: list[tuple[str, list[LabelledReport]]] = [
        *((f"`{c}`", [r for r in records if r.category == c]) for c in taxonomy.category_codes),
        *(
            (f"flag `{f}`", [r for r in records if f in (r.flags or ())])
            for f in taxonomy.flag_codes
        ),
        *((p, [r for r in records if r.priority == p]) for p in taxonomy.priority_codes),
        ("all", list(records)),
    ]
    lines = [
        f"| | {' | '.join(languages)} | all |",
        f"| --- |{' ---: |' * (len(languages) + 1)}",
    ]
    for name, kept in rows:
        by_language = Counter(r.language or "none" for r in kept)
        cells = [str(by_language[code]) for code in languages]
        lines.append(f"| {name} | {' | '.join(cells)} | {len(kept)} |")
    scenarios = len({r.scenario for r in records if r.scenario})
    writers = len({r.writer for r in records if r.writer})
    awkward = Counter(r.awkward for r in records if r.awkward)
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(awkward.items()))
    words = sorted(len(r.text.split()) for r in records)
    lines += [
        "",
        f"{len(records)} reports of {scenarios} situations by {writers} voices; "
        f"{words[len(words) // 2]} words in the median, {words[-1]} at most. "
        f"Awkward on purpose: {sum(awkward.values())} ({kinds}).",
    ]
    return "\n".join(lines)


def curve_block(trials: Path) -> str:
    """Render a learning curve as a Markdown table: macro-F1 on reports kept out, by language.

    :param trials: JSON file of ``training.trials.curve``.
    :return: The text between the datasheet's markers.
    """
    done = json.loads(trials.read_text(encoding="utf-8"))
    first = done["trials"][0]["validation"]
    languages = [name for name in first if name.startswith("f1:")]
    header = ["recipe and share", "all", *(name.removeprefix("f1:") for name in languages)]
    lines = [f"| {' | '.join(header)} |", f"| --- |{' ---: |' * (len(header) - 1)}"]
    for trial in done["trials"]:
        found = trial["validation"]
        cells = [f"{found[name]:.2f}" for name in ("category_f1", *languages)]
        lines.append(f"| {trial['name']} | {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", f"{done['records']} reports; scored on {done['validation_records']} kept out."]
    )


def refresh(path: Path, blocks: Mapping[str, str]) -> bool:
    """Put blocks between a file's markers ``<!-- name: begin -->`` and ``<!-- name: end -->``.

    :param path: The Markdown file.
    :param blocks: New text by name of its markers.
    :return: Whether the file changed.
    :raises FieldError: If a marker is missing.
    """
    before = text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, found, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not found or not ended:
            raise FieldError(
                path.name,
                f"has no markers for {name}",
                f"write {begin} and {end} on their own lines",
            )
        text = f"{head}{begin}\n{block}\n{end}{tail}"
    if text != before:
        path.write_text(text, encoding="utf-8")
    return text != before
