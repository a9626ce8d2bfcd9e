"""Every message that is sent between the centre and an institution, as one type."""

from __future__ import annotations

from recoup.messages.seen import (
    DecisionAppealMessage,
    LeadMessage,
    SightingMessage,
    SuspicionMessage,
)
from recoup.messages.values import (
    AnswerMessage,
    AppealMessage,
    AskMessage,
    CallMessage,
    ChangesMessage,
    DigestMessage,
    MeasureNoticeMessage,
    NoticeMessage,
    OrderMessage,
    RefusalMessage,
)

Message = (
    OrderMessage
    | AnswerMessage
    | DigestMessage
    | AppealMessage
    | NoticeMessage
    | MeasureNoticeMessage
    | AskMessage
    | CallMessage
    | RefusalMessage
    | ChangesMessage
    | SightingMessage
    | LeadMessage
    | SuspicionMessage
    | DecisionAppealMessage
)

__all__ = ["Message"]
