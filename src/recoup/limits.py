"""Every bound of the program, named with its unit. Not configuration: a bound protects the program itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

POCKET_MINOR_MAX: Final = 2**61
"""Minor units: all money that ever enters one account in one currency, opening included; keeps int64 sums exact."""

ACCOUNTS_MAX: Final = 2**31 - 2
"""Account-currency pairs in one ledger: dense ids are int32."""

CLAIMS_MAX: Final = 2**28
"""Claims traced together: a colour is claim * 4 + mark in an int32."""

PROBLEMS_SHOWN_MAX: Final = 200
"""Problems printed one by one before the rest is only counted."""

BOUND_STEPS_MAX: Final = 20_000_000
"""Nodes one claim's max-flow may visit; past it the bound is the loss, and the assumptions name the claim."""

BOUND_STEPS_ALL_MAX: Final = 30_000_000
"""The same for all claims of one trace together: some ten seconds."""

SHEET_ROWS_MAX: Final = 1_048_576
"""Rows of one XLSX sheet, by the file format."""

CELL_CHARS_MAX: Final = 32_767
"""Characters in one cell, as a spreadsheet allows; a longer one is a broken file."""

FILE_BYTES_MAX: Final = 2**33
"""Bytes of one input file."""

UNPACKED_BYTES_MAX: Final = 2**32
"""Bytes of one XLSX file after unpacking; a small file may unpack to anything."""

FOLDER_FILES_MAX: Final = 10_000
"""Files taken from one folder."""

WORKBOOK_SECONDS_MAX: Final = 600
"""Seconds that taking one workbook apart may take."""

HORIZON_MAX: Final = timedelta(days=366_000)
"""A thousand years: an instant that much later still fits 64 bits of microseconds."""

CLOCK_SKEW_SECONDS_MAX: Final = 86_400
"""Seconds by which an institution's time may lie before an order or after now and still be believed."""

EVENT_BYTES_MAX: Final = 2**20
"""Bytes of one event's body in the journal."""

EVENT_DEPTH_MAX: Final = 32
"""Values within values in one event."""

TEXT_BYTES_MAX: Final = 1_024
"""Bytes of a command id, a subject or an event name."""

NOTE_BYTES_MAX: Final = 2**16
"""Bytes of one signed note."""

NOTE_SIGNATURES_MAX: Final = 64
"""Signature lines of one note: the log's own and its witnesses'."""

BATCH_COMMANDS_MAX: Final = 512
"""Commands that one sync makes durable."""

QUEUE_COMMANDS_MAX: Final = 8_192
"""Commands that wait for the writer; one more is told to come again."""

PAGE_ROWS_MAX: Final = 10_000
"""Rows that one question to a store may ask for."""

BUSY_TRIES_MAX: Final = 3
"""Times that the writer asks a busy store before it stops; each waits some seconds."""

PERSONAL_BYTES_MAX: Final = 2**20
"""Bytes of one piece of personal data in the vault."""

REQUEST_BYTES_MAX: Final = 2**18
"""Bytes of one command with its actor: what it writes must fit an event, twice over."""

ID_BYTES_MAX: Final = 200
"""Bytes of an id that somebody outside gives; ids that are derived from it stay below TEXT_BYTES_MAX."""

SEND_SLOTS_MAX: Final = 64
"""Messages on their way to institutions at once."""

SEND_SLOTS_EACH_MAX: Final = 4
"""The same to one institution."""

SEND_SLOTS_FAILING_MAX: Final = 32
"""The same to all institutions together whose last message did not get through: they never take every slot."""

SEND_AGAIN_SECONDS_MIN: Final = 1
"""Seconds before a message that did not get through is sent again; doubled each time."""

SEND_AGAIN_SECONDS_MAX: Final = 300
"""Seconds that are never exceeded between two tries."""

DEADLINES_ROUND_MAX: Final = 1_000
"""Deadlines fired before the next look at the clock."""

DEADLINE_TICK_SECONDS_MAX: Final = 5
"""Seconds between two looks for what is due; a lapse is recorded within a minute of its time."""

SEND_LOADED_MAX: Final = 100_000
"""Messages that the sender knows of at once; those beyond wait in the outbox."""
MESSAGE_BYTES_MAX: Final = 2**20
"""Bytes of one message between centre and institution, signed or not."""

MESSAGE_DEPTH_MAX: Final = 8
"""Values within values in one message; none of ours needs more than four."""

MESSAGE_TEXT_CHARS_MAX: Final = 8_192
"""Characters of one text in a message."""

MESSAGE_AGE_SECONDS_MAX: Final = 300
"""Seconds after signing in which a message is taken; its id is remembered for that long and AHEAD besides."""

MESSAGE_AHEAD_SECONDS_MAX: Final = 60
"""Seconds by which a sender's clock may be ahead."""

MESSAGE_ROWS_MAX: Final = 1_000
"""Statement rows of one answer; the rest is asked for by a query."""

DIGEST_HOLDS_MAX: Final = 1_000
"""Holds on one page of a digest."""

DIGEST_PAGES_MAX: Final = 1_000
"""Pages of one digest: a million holds of one institution."""

MAILBOX_MESSAGES_MAX: Final = 100
"""Messages that one reply to an institution which polls holds."""

MAILBOX_BYTES_MAX: Final = 2**22
"""Bytes of such a reply."""

KEYS_PINNED_MAX: Final = 16
"""Keys of one institution that are pinned at once."""
CASE_HOPS_MAX: Final = 256
"""Hops from the victim at which the chase stops asking and tells a person: far beyond what any launderer needs."""

CASE_PLACES_MAX: Final = 2_500
"""Places of one case's trail: so many fit one event of the journal."""

CASE_CLAIMS_MAX: Final = 10_000
"""Claims of one case."""

CASE_ROWS_MAX: Final = 10_000
"""Row ids that one addition of facts may name."""

ROW_MINOR_MAX: Final = 2**50
"""Minor units of one statement row that is believed: far more than any payment, and thousands of them fit a pocket."""

TRACE_TRIES_MAX: Final = 3
"""Times that a case is traced whose process died, before a person is told."""
SESSION_SECONDS_MAX: Final = 7_200
"""Seconds that a login stands; then password and code are asked for again."""

ENROLMENT_SECONDS_MAX: Final = 259_200
"""Seconds within which a one-time enrolment token must be used."""

LOGIN_FAILURES_MAX: Final = 5
"""Failed logins of one person after which further ones are not looked at for a while."""

LOGIN_FAILED_SECONDS: Final = 1
"""Seconds that a failed login takes, whatever was wrong."""

LOCKED_SECONDS: Final = 900
"""Seconds of that while."""

DUTY_SECONDS_MAX: Final = 31 * 86_400
"""Seconds that one entry of the duty roster, or an acting approver's standing, may last."""

HTTP_BODY_BYTES_MAX: Final = 2**20
"""Bytes of one request's body."""

HTTP_DEPTH_MAX: Final = 16
"""Values within values in one request's body."""

HTTP_PAGE_ROWS_MAX: Final = 200
"""Rows of one page of an answer; the rest follows under its cursor."""

CALLS_PER_MINUTE_MAX: Final = 1_200
"""Requests of one session in a minute."""

LOGINS_PER_MINUTE_MAX: Final = 30
"""Logins, enrolments and setups from one address in a minute."""

LOGINS_AT_ONCE_MAX: Final = 2
"""Passwords that are hashed at the same time: each takes 64 MiB."""

STREAMS_MAX: Final = 256
"""Clients that listen to the stream of events at once."""

DRAIN_SECONDS_MAX: Final = 10
"""Seconds that open requests have to end when the process is told to stop."""
