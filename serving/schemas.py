"""Requests and answers of version 1 of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from data.records import LANGUAGES, MAX_TEXT_CHARACTERS, Report, check_language, check_text

MAX_BATCH = 256


def _text(value: object) -> str:
    return check_text(value)


def _quoted(value: object) -> str:
    return check_text(value, "quoted_content")


Text = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}),
]
Quoted = Annotated[
    str,
    BeforeValidator(_quoted),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}),
]
LanguageCode = Annotated[
    str,
    BeforeValidator(check_language),
    WithJsonSchema({"type": "string", "enum": list(LANGUAGES)}),
]
REPORT_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
ReportId = Annotated[str, Field(min_length=1, max_length=200, pattern=REPORT_ID)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is before or after all years that can be told") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""The same instant is the same content, whatever zone it was written in."""


class Strict(BaseModel):
    """A request body: a misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reporter(Strict):
    """Who reports; never a name."""

    identified: bool | None = Field(None, description="Whether the reporter gave an identity.")
    country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="ISO 3166 code.", examples=["MA"]
    )


class ReportIn(Strict):
    """A report as the intake system sends it."""

    report_id: ReportId = Field(
        description="The intake system's id. Sent again with the same content it gives the "
        "stored answer; with other content it is a conflict (409).",
        examples=["2024-000123"],
    )
    text: Text = Field(description="What the citizen wrote, unchanged.")
    quoted_content: list[Quoted] = Field(
        default_factory=list, max_length=50, description="Messages of others that were attached."
    )
    urls: list[Annotated[str, Field(max_length=2000)]] = Field(
        default_factory=list, max_length=50, description="Addresses that the citizen gave."
    )
    language: LanguageCode | None = Field(
        None, description="Declared language; believed where the text does not tell."
    )
    submitted_at: Moment | None = Field(None, description="When the report was sent.")
    occurred_at: Moment | None = Field(None, description="When the matter happened.")
    reporter: Reporter | None = None

    def as_report(self) -> Report:
        """Give what the scorer reads."""
        return Report(
            self.text,
            tuple(self.quoted_content),
            tuple(self.urls),
            self.language,
            self.submitted_at,
            self.occurred_at,
        )


class BatchIn(Strict):
    """Several reports at once; taken or refused together."""

    reports: list[ReportIn] = Field(min_length=1, max_length=MAX_BATCH)


class ModelOut(BaseModel):
    """The model that gave a score. Stable."""

    version: str
    digest: str = Field(description="SHA-256 over the bundle's files.")


class LanguageOut(BaseModel):
    """Identified language. Stable."""

    code: str
    script: str = Field(description="ISO 15924 code.")
    confidence: float


class CategoryOut(BaseModel):
    """Proposed category. Stable."""

    label: str
    probability: float
    probabilities: dict[str, float]
    prediction_set: list[str] = Field(description="Categories that cannot be ruled out.")


class ReasonOut(BaseModel):
    """One reason. Stable."""

    code: str
    text: str
    texts: dict[str, str] = Field(
        # Empty in scores that were stored before there were any.
        default_factory=dict,
        description="The same in the languages that reviewers read.",
    )


class PriorityOut(BaseModel):
    """Proposed priority. Stable."""

    level: str
    probabilities: dict[str, float]
    reasons: list[ReasonOut]


class FlagOut(BaseModel):
    """One flag. Stable."""

    probability: float
    raised: bool
    threshold: float


class ScoreOut(BaseModel):
    """The score of one report. Stable."""

    id: str = Field(description="The report's id.")
    model: ModelOut
    language: LanguageOut
    category: CategoryOut
    priority: PriorityOut | None
    flags: dict[str, FlagOut]
    needs_manual_triage: bool
    manual_triage_reasons: list[str]
    truncated: bool


class BatchOut(BaseModel):
    """Scores in the order of the reports. Stable."""

    scores: list[ScoreOut]


class TellingWordOut(BaseModel):
    """A word of the report and what it adds. Stable."""

    part: str = Field(description="text, or quoted_content[N].", examples=["text"])
    start: int = Field(description="First Unicode code point, in that part as it was sent.")
    end: int = Field(description="One past the last.")
    contribution: float = Field(
        description="Log-odds that the answer loses without the word; below 0 it speaks against."
    )


class ExplanationOut(BaseModel):
    """Why a report is scored as it is. Stable."""

    id: str = Field(description="The report's id.")
    model: ModelOut
    offsets: str = Field(description="What start and end count.", examples=["code points"])
    answers: dict[str, list[TellingWordOut]] = Field(
        description="For category, priority and flag:<code> (raised flags): the most telling words."
    )
    reasons: list[ReasonOut] = Field(description="Rules of the policy table that hold.")


class GroupPromiseOut(BaseModel):
    """A flag's threshold in a group of languages; never above the flag's own."""

    languages: list[str]
    threshold: float
    positives: int
    missed: int
    false_positive_rate: float
    holds: bool


class PromiseOut(BaseModel):
    """A flag's threshold with the guarantee that it was chosen under."""

    threshold: float
    max_miss_rate: float = Field(description="The target.")
    positives: int = Field(description="Calibration reports that carry the flag.")
    missed: int = Field(description="How many of them are below their threshold.")
    false_positive_rate: float = Field(description="Share of the others that raise it.")
    holds: bool = Field(description="Whether the data suffice to promise the target.")
    groups: list[GroupPromiseOut] = Field(description="Languages with a threshold of their own.")


class ModelInfo(BaseModel):
    """A model that the service can use."""

    version: str
    digest: str
    recipe: str
    created: datetime
    live: bool
    categories: list[str]
    priorities: list[str]
    flags: list[str]
    languages: list[str] = Field(description="Languages that it was trained on.")
    promises: dict[str, PromiseOut] = Field(description="By flag.")


class ModelsOut(BaseModel):
    """All models. The service holds one at present."""

    models: list[ModelInfo]


class Health(BaseModel):
    """Whether the process lives, or is ready."""

    status: str = Field(examples=["ok"])
