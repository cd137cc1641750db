"""The counts in the corpus's datasheet, kept equal to the corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data.errors import FieldError
from data.records import LabelledReport
from data.taxonomy import Taxonomy

BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"


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


def refresh(path: Path, block: str) -> bool:
    """Put a block between a file's markers.

    :param path: The Markdown file.
    :param block: The new text.
    :return: Whether the file changed.
    :raises FieldError: If the markers are missing.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FieldError(
            path.name, "has no markers", f"write {BEGIN} and {END} on lines of their own"
        )
    fresh = f"{before}{BEGIN}\n{block}\n{END}{after}"
    if fresh != text:
        path.write_text(fresh, encoding="utf-8")
    return fresh != text
