"""Nobody stops anything: what would be lost, and what every other policy is measured against."""

from __future__ import annotations

from collections.abc import Sequence

from recoup.rehearse.country import Fraud
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.ports import Judgements, Row, Stage
from recoup.rehearse.scenario import Scenario
from recoup.watch.state import Payments


class NonePolicy:
    """Implements `Policy`: reports are entered and nothing follows."""

    name = "none"
    judges = False

    def begin(self, stage: Stage) -> None:
        """Keep the stage."""
        self._stage = stage

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Enter the report."""
        assert rows, "a report names a payment"
        self._stage.say(Reported(self._stage.now_us, fraud.number))

    def judge(self, payments: Payments) -> Judgements:
        """Is never asked."""
        raise AssertionError(f"nobody judges, and was shown {len(payments)} payments")

    def booked(self, rows: Sequence[Row]) -> None:
        """Nothing follows."""

    def failed(self, payments: Payments) -> None:
        """Nothing follows."""

    def finish(self, until_us: int) -> None:
        """Nothing runs on."""


def none(scenario: Scenario, seed: int) -> NonePolicy:
    """Return the policy; nothing of it depends on a scenario."""
    del scenario, seed
    return NonePolicy()


__all__ = ["NonePolicy", "none"]
