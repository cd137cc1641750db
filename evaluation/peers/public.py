"""Public data sets of other people's, read where a copy lies beside the project.

Nothing of them is kept here: no sentence, no label, no figure that would stand for one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from data.normalisation import fold, normalise
from data.records import LabelledReport
from evaluation.peers.skip import Skip, require

Rows = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class PublicSet:
    """One public data set.

    :param title: What it is, for a reader of the table.
    :param file: Its file, below the folder of public data.
    :param language: What its texts are written in, one code for all.
    :param read: Gives its texts and labels.
    """

    title: str
    file: str
    language: str
    read: Callable[[Path], Rows]


def read_sms(path: Path) -> Rows:
    """Read the SMS spam collection; of its four languages the original English.

    A message and its translation would be one text on two sides of a split.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["text"], row["labels"]) for row in csv.DictReader(file)]


def read_mpold(path: Path) -> Rows:
    """Read the Arabic comments of three platforms, offensive or not, by majority label."""
    require(("openpyxl",), "peers")
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    text, label = header.index("Comment"), header.index("Majority_Label")
    return [(str(row[text]), str(row[label])) for row in rows if row[text] and row[label]]


PUBLIC = {
    "sms_spam": PublicSet("SMS spam, English", "sms_spam/sms_en_fr.csv", "en", read_sms),
    "mpold": PublicSet(
        "Offensive comments, Arabic (MPOLD)", "mpold/arabic_offensive_4000.xlsx", "ar", read_mpold
    ),
}


def read_public(name: str, folder: Path) -> list[LabelledReport]:
    """Read a public data set as labelled reports, each text once.

    :param name: One of ``PUBLIC``.
    :param folder: Folder of public data.
    :return: Records; of texts that are equal once normalised only the first.
    :raises Skip: If the file or a library to read it is not there.
    """
    known = PUBLIC[name]
    path = folder / known.file
    if not path.exists():
        raise Skip(f"no public data ({known.file})")
    records: dict[str, LabelledReport] = {}
    for text, label in known.read(path):
        key = " ".join(fold(normalise(text).text).split())
        if key and key not in records:
            code = re.sub(r"\W+", "_", label.strip().lower())
            records[key] = LabelledReport(
                f"{name}-{len(records)}", text, code, known.language, source=name
            )
    return list(records.values())
