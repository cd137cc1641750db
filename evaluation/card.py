"""The model card (Mitchell et al. 2019), rendered from a bundle and its evaluation report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from data.errors import FieldError
from evaluation.page import shown_figure
from model.bundle import load_bundle

_AUTHORED = (
    "They were written for this project by a language model in many voices "
    "(data/corpus/README.md); none is a real citizen's."
)
_OTHER = "**Where they come from, under what law and for how long: to be filled in.**"
_LIMITS = (
    "Figures on written reports say little about real ones, which are shorter, vaguer and repeat "
    "one another more. Tamazight was read by no native speaker."
)


def render_card(bundle: Path, report: Path) -> str:
    """Render the card.

    What neither the bundle nor the report holds stands in it as a visible placeholder.

    :param bundle: The bundle.
    :param report: ``report.json`` of ``farz evaluate``.
    :return: Markdown.
    :raises BundleError: If the bundle cannot be loaded.
    :raises FieldError: If the report cannot be read.
    """
    manifest, parts = load_bundle(bundle)
    try:
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        own = found["results"][found["model"]["version"]]
    except (OSError, ValueError, KeyError) as error:
        raise FieldError(
            "report",
            f"{report} is no evaluation report ({type(error).__name__}: {error})",
            "give the report.json of `farz evaluate`",
        ) from error
    environment = Environment(
        loader=PackageLoader("evaluation"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, of nothing that a citizen wrote
    )
    environment.filters["figure"] = shown_figure
    about = parts.provenance.get("encoder")
    authored = parts.provenance.get("sources") == ["authored"]
    text = environment.get_template("card.md").render(
        model={"version": manifest.version, "digest": manifest.digest},
        created=manifest.created,
        provenance=parts.provenance,
        encoder_line=f", on the encoder {about['encoder']['source']}." if about else ".",
        languages=parts.provenance["languages"],
        taxonomy=parts.taxonomy,
        thresholds=parts.thresholds,
        corpus=_AUTHORED if authored else _OTHER,
        limits=_LIMITS if authored else "Limits of the data: **to be filled in.**",
        report={"robustness": {}, "behaviour": {}, **found},
        own=own,
    )
    return re.sub(r"\n{3,}", "\n\n", text)
