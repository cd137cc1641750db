"""The model behind the service: one worker, a bounded queue before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from data.records import Report
from model.explanation import Explanation, explain
from model.score import Score
from model.scorer import Scorer
from serving.errors import Problem

RETRY_AFTER_SECONDS = 2
T = TypeVar("T")
R = TypeVar("R")


class ScoringEngine:
    """Scores off the event loop, and refuses work rather than let a queue grow.

    :param scorer: The loaded model.
    :param max_waiting: Requests that may be scored or waiting at once.
    """

    def __init__(self, scorer: Scorer, max_waiting: int) -> None:
        self.scorer = scorer
        self._max_waiting = max_waiting
        self._waiting = self._explaining = 0
        # Scoring holds the interpreter for most of its time: a second thread would gain nothing.
        self._worker = CapacityLimiter(1)

    async def score(self, reports: Sequence[Report]) -> list[Score]:
        """Score reports in order.

        :param reports: Checked reports.
        :return: One score a report.
        :raises Problem: 503 with Retry-After if too many requests wait already.
        """
        return await self._work(self.scorer.score, reports)

    async def explain(self, report: Report) -> Explanation:
        """Explain a report's score.

        :param report: A checked report.
        :return: The explanation.
        :raises Problem: As ``score``.
        """
        # Reviewers must not starve the intake: explanations take an eighth of the queue at most.
        if self._explaining >= max(1, self._max_waiting // 8):
            raise self._overloaded(self._explaining)
        self._explaining += 1
        try:
            return await self._work(partial(explain, self.scorer), report)
        finally:
            self._explaining -= 1

    async def _work(self, do: Callable[[T], R], given: T) -> R:
        if self._waiting >= self._max_waiting:
            raise self._overloaded(self._waiting)
        self._waiting += 1
        try:
            return await to_thread.run_sync(do, given, limiter=self._worker)
        finally:
            self._waiting -= 1

    @staticmethod
    def _overloaded(waiting: int) -> Problem:
        return Problem(
            503,
            "overloaded",
            f"{waiting} requests are waiting; nothing was stored, send it again",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
