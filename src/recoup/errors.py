"""What can go wrong, as types: one class for each thing a caller can do differently. Not a place for messages.

Fault                       the outside failed or sent something unusable
    InputFault              rows or files that must be put right first; carries every problem found
    LimitFault              a bound of limits.py was reached; carries its name and value
    PolicyFault             a jurisdiction's terms that cannot be used; names the term
    RuleFault               rules of the watch that cannot be used; carries every problem found
    ScenarioFault           a scenario of a rehearsal that cannot be played; carries every problem found
    SettingsFault           settings of a process that cannot be used; names the setting
    EventFault              bytes that are no event: malformed, or not in the one canonical form
        UnknownEvent        name or version that this program does not have: a newer one wrote it
    NoteFault               a signed note or checkpoint that cannot be read, or is not signed as it must be
    StoreFault              the disk or database failed; the writer stops for good
        StoreBusy           somebody else writes; nothing was done; try again
        CommitUnknown       the connection was lost while committing: ask by command id
    MessageFault            a message that cannot be believed or read; names the problem
    GatewayFault            a core system, a bank or the centre did not answer as it must
    VaultFault              personal data that cannot be read: its key was destroyed, or its bytes were changed
    ScanFault               an uploaded scan that is not kept; names the problem
    ModelFault              a model that payments are not scored with; names the problem
    StateFault              the stream's state cannot be made of what was given; names the problem
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recoup.records.problems import Problem


class Fault(Exception):
    """The outside failed; `is_transient` says whether the same call may succeed later."""

    is_transient: bool = False


class InputFault(Fault):
    """Input that must be put right before anything is written; `problems` names every place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True, order=True)
class RuleProblem:
    """One thing to put right in a rule of the watch, or in a set of them."""

    rule: str
    """The rule's id; '' for the set, or for an expression that stands alone."""
    field: str
    """Which field of the rule; `expression` for its text."""
    line: int
    """In the text of that field, counted from one; 0 where a place says nothing."""
    column: int
    code: str
    """Stable name of the kind of problem, listed in docs/reference/rules.md."""
    message: str
    """What was expected and what was found, in one line."""

    def __str__(self) -> str:
        """Return one line: rule, field, place, code, message."""
        where = [f"rule {self.rule}" if self.rule else "", self.field]
        if self.line:
            where.append(f"line {self.line} column {self.column}")
        return ": ".join(filter(None, (" ".join(filter(None, where)), self.code, self.message)))


class RuleFault(Fault):
    """Rules of the watch that must be put right before any of them is used; `problems` names every place."""

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LimitFault(Fault):
    """A bound of `limits.py` was reached: `name` is the bound, `found` what was asked for."""

    def __init__(self, name: str, bound: int, found: int) -> None:
        self.name, self.bound, self.found = name, bound, found
        super().__init__(f"expected at most {bound} ({name}), was {found}")


class PolicyFault(Fault):
    """A policy file that is missing, or a term in it that has no value, no source or no sense."""


class ScenarioFault(Fault):
    """A scenario that must be put right before it is played; `problems` names every place, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class SettingsFault(Fault):
    """A setting of a process that is missing, unknown, or makes no sense."""


class EventFault(Fault):
    """Bytes that are no event: malformed, not of the event's fields, or not in the one canonical form."""


class UnknownEvent(EventFault):
    """An event name or version that this program does not have: a newer program wrote it."""


class NoteFault(Fault):
    """A signed note or checkpoint that cannot be read, or is not signed by whom it must be."""


class StoreFault(Fault):
    """The disk or the database failed. The writer stops for good: a failed sync is never tried again."""


class StoreBusy(StoreFault):
    """Another connection writes and did not end in time; nothing was done."""

    is_transient = True


class CommitUnknown(StoreFault):
    """The connection was lost while committing: it may have happened. Ask the store by command id, do not guess."""


class VaultFault(Fault):
    """Personal data that cannot be read: its key was destroyed, or its bytes are not what was sealed."""


class MessageProblem(StrEnum):
    """Why a message is not acted on. The first group is what is wrong with its seal, the second with what it says."""

    TOO_LARGE = "message_too_large"
    """More than MESSAGE_BYTES_MAX."""
    MALFORMED = "message_malformed"
    """Not three parts of base64url, each in its one form, joined by full stops."""
    HEADER_MALFORMED = "header_malformed"
    """The protected header is not exactly alg, kid, typ, iss, aud, iat and jti, each once, of its kind."""
    ALGORITHM_REFUSED = "algorithm_refused"
    """Signed with anything but Ed25519."""
    TYPE_UNKNOWN = "type_unknown"
    """A message, or a version of one, that this program does not have or does not take here."""
    ISSUER_UNKNOWN = "issuer_unknown"
    """No key of that sender is pinned."""
    KEY_UNKNOWN = "key_unknown"
    """The sender is known, the key is none of its pinned ones."""
    KEY_NOT_VALID = "key_not_valid"
    """The key was not valid when the message was signed, or is not now."""
    SIGNATURE_WRONG = "signature_wrong"
    AUDIENCE_WRONG = "audience_wrong"
    """Meant for somebody else."""
    STALE = "message_stale"
    """Signed longer ago than MESSAGE_AGE_SECONDS_MAX."""
    EARLY = "message_early"
    """Signed in the future by more than MESSAGE_AHEAD_SECONDS_MAX."""
    REPLAYED = "message_replayed"
    """Taken before: each sending is signed anew, so this one was copied."""
    EPOCH_OLD = "epoch_old"
    """Sent by a writer that no longer leads: a later epoch of the same sender was seen."""

    BODY_MALFORMED = "body_malformed"
    """Not JSON in UTF-8."""
    TOO_DEEP = "body_too_deep"
    """More than MESSAGE_DEPTH_MAX values within values."""
    FIELD_MISSING = "field_missing"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_WRONG = "field_wrong"
    """Not of the field's kind or form."""
    SENDER_WRONG = "sender_wrong"
    """The message speaks for an institution that did not sign it, or is addressed to another one than its audience."""


class MessageFault(Fault):
    """A message that cannot be believed or read: `problem` is the name, `what` says where, without personal data."""

    def __init__(self, problem: MessageProblem, what: str = "", path: str = "") -> None:
        self.problem, self.what, self.path = problem, what, path
        super().__init__(": ".join(filter(None, (problem.value, path, what))))

    def within(self, name: str) -> MessageFault:
        """Return the same fault, one field further out."""
        return MessageFault(self.problem, self.what, f"{name}.{self.path}".rstrip("."))


class GatewayFault(Fault):
    """A core system, a bank or the centre did not answer, or not as it must; asking again with the same id is safe."""

    is_transient = True


class ScanProblem(StrEnum):
    """Why an uploaded scan of an answer sheet is not kept."""

    FORM_UNKNOWN = "scan_form_unknown"
    """Neither a PDF nor a PNG or JPEG picture."""
    FORM_DIFFERS = "scan_form_differs"
    """Of another form than its media type says."""
    DAMAGED = "scan_damaged"
    """Cut short, or not whole inside."""
    NOT_ALONE = "scan_not_alone"
    """Something stands before, behind or within it that is no part of a scan: another program would see another file."""
    TOO_LARGE = "scan_too_large"
    """More pages or picture points than are looked at, or it took too long or too much memory to look."""
    LOCKED = "scan_locked"
    """A PDF that opens with a password."""
    ACTIVE = "scan_active"
    """A PDF with a script or with files within it: no scanner makes one."""
    CODE_FALSE = "scan_code_false"
    """Its code looks like a signed order and is none that this centre signed."""
    OTHER_ORDER = "scan_of_other_order"
    """Its code is another order's."""


class ScanFault(Fault):
    """An uploaded scan that is not kept: `problem` is the name, `what` says more, without personal data."""

    def __init__(self, problem: ScanProblem, what: str = "") -> None:
        self.problem, self.what = problem, what
        super().__init__(": ".join(filter(None, (problem.value, what))))


class ModelProblem(StrEnum):
    """Why a model is not used."""

    UNREADABLE = "model_unreadable"
    """The file cannot be read, or is none of ours."""
    CUT_SHORT = "model_cut_short"
    """The file ends before the model does."""
    ALTERED = "model_altered"
    """The content is not what its digest says."""
    VERSION_UNKNOWN = "model_version_unknown"
    """A newer program wrote it."""
    MALFORMED = "model_malformed"
    """What it holds is no forest, or is past a bound."""
    OTHER_FEATURES = "model_of_other_features"
    """It was trained on other features than are computed here."""


class ModelFault(Fault):
    """A model that payments are not scored with: `problem` is the name, `what` says more."""

    def __init__(self, problem: ModelProblem, what: str = "") -> None:
        self.problem, self.what = problem, what
        super().__init__(": ".join(filter(None, (problem.value, what))))


class StateProblem(StrEnum):
    """Why the state of the stream cannot be made of what was given."""

    ARRAY_WRONG = "array_wrong"
    """Of another type or length, or with numbers that do not fit."""
    SETTING_WRONG = "setting_wrong"
    """A setting out of its bounds."""
    ACCOUNT_UNKNOWN = "account_unknown"
    """A number that no pocket has, or of a pocket that is in use already."""
    SNAPSHOT_FOREIGN = "snapshot_foreign"
    """No snapshot of a shard, or of another layout."""
    SNAPSHOT_DAMAGED = "snapshot_damaged"
    """Cut short, changed, or with numbers that point outside."""
    FEATURES_DIFFER = "features_differ"
    """Made with other features."""
    LOG_DAMAGED = "log_damaged"
    """A log of decisions was changed, or something of it is missing."""
    LOG_DIFFERS = "log_differs"
    """Replayed, the log has other answers, or it was written with other versions."""
    PROCESSOR_DIFFERS = "processor_differs"
    """Made on a processor with other features, where equal numbers are not promised."""


class StateFault(Fault):
    """The stream's state cannot be made of what was given: `problem` is the name, `what` says where."""

    def __init__(self, problem: StateProblem, what: str = "") -> None:
        self.problem, self.what = problem, what
        super().__init__(": ".join(filter(None, (problem.value, what))))
