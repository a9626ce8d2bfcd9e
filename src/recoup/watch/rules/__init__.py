"""The rule language of the watch: parse, check, compile, run; rules as data with two persons behind them; back-test."""

from recoup.watch.rules.backtest import (
    FRAUD,
    INNOCENT,
    UNLABELLED,
    Backtest,
    Outcome,
    Overlap,
    Period,
    backtest,
)
from recoup.watch.rules.compiling import Expression, compile_expression
from recoup.watch.rules.facts import PaymentFields, facts_of
from recoup.watch.rules.kernel import (
    FIRES,
    NO,
    UNKNOWN,
    evaluate,
    new_stack,
    verdict,
)
from recoup.watch.rules.lanes import evaluate_many
from recoup.watch.rules.program import Op, Program, Programs, joined
from recoup.watch.rules.rule import Action, Mode, Page, Rule, Snooze, Standing, Threshold
from recoup.watch.rules.running import run_rules
from recoup.watch.rules.sets import Known, RuleSet, load_rules
from recoup.watch.rules.units import Unit
from recoup.watch.rules.vocabulary import FIELDS, Figure, Vocabulary, vocabulary

__all__ = [
    "FIELDS",
    "FIRES",
    "FRAUD",
    "INNOCENT",
    "NO",
    "UNKNOWN",
    "UNLABELLED",
    "Action",
    "Backtest",
    "Expression",
    "Figure",
    "Known",
    "Mode",
    "Op",
    "Outcome",
    "Overlap",
    "Page",
    "PaymentFields",
    "Period",
    "Program",
    "Programs",
    "Rule",
    "RuleSet",
    "Snooze",
    "Standing",
    "Threshold",
    "Unit",
    "Vocabulary",
    "backtest",
    "compile_expression",
    "evaluate",
    "evaluate_many",
    "facts_of",
    "joined",
    "load_rules",
    "new_stack",
    "run_rules",
    "verdict",
    "vocabulary",
]
