"""The one error that every reader of outside data raises."""


class FieldError(ValueError):
    """A field of a record or file holds a value that Farz cannot take.

    The message always names the field, the bad value and a good one, so that
    whoever sent it can mend it without reading the documentation.

    :param field: Name of the field, with its path where there is one (``reports.3.text``).
    :param problem: What is wrong with the value, naming it (never a whole report text).
    :param good: An example of a value that would be taken.
    """

    def __init__(self, field: str, problem: str, good: str) -> None:
        self.field = field
        self.problem = problem
        self.good = good
        super().__init__(f"{field}: {problem}; {good}")


def shown(value: object, limit: int = 60) -> str:
    """Quote a bad value for an error message, cut so that no report text spills into it.

    :param value: Whatever was sent.
    :param limit: Longest quotation, in characters.
    :return: The value's ``ascii()`` form, cut with an ellipsis.
    """
    quoted = ascii(value)
    return quoted if len(quoted) <= limit else quoted[: limit - 1] + "…"
