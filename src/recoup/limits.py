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

PROOF_HASHES_MAX: Final = 63
"""Hashes of one consistency proof: a tree of 2^63 leaves needs no more."""

SUBMISSION_BYTES_MAX: Final = 2**17
"""Bytes of what a journal hands to a witness: a note and its proof."""

BATCH_COMMANDS_MAX: Final = 512
"""Commands that one sync makes durable."""

QUEUE_COMMANDS_MAX: Final = 8_192
"""Commands that wait for the writer; one more is told to come again."""

PAGE_ROWS_MAX: Final = 10_000
"""Rows that one question to a store may ask for."""

BUSY_TRIES_MAX: Final = 3
"""Times that the writer asks a busy store before it stops; each waits some seconds."""

STORE_LOG_PAGES: Final = 1_000
"""Pages of 4 KiB in a store's log when a commit moves it into the file: SQLite's own figure."""

STORE_LOG_PAGES_MAX: Final = 16_384
"""The same where somebody else moves it beside whoever writes: a commit does it only when that did not keep up (64 MiB)."""

PERSONAL_BYTES_MAX: Final = 2**20
"""Bytes of one piece of personal data in the vault."""

VAULT_WAIT_SECONDS_MAX: Final = 86_400
"""How long a piece of the vault waits for the entry that names it; a start drops it after that."""

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

SELLER_HISTORY_SECONDS: Final = 172_800
"""From so long before stolen money came as the price of something a statement is shown: whether the account sells; assumed."""

MESSAGE_ROWS_MAX: Final = 1_000
"""Statement rows of one answer; the rest is asked for by a query."""

ANSWER_WORDS_MAX: Final = 100
"""Checks that failed, or papers that are wanted, in one answer."""

ANSWERS_SHOWN_MAX: Final = 20
"""Of what an institution said of one order, the newest that are shown with it; all of it stands in the journal."""

SHEET_FORMER_MAX: Final = 20
"""Earlier holds of others that two persons type from one answer sheet."""

DIGEST_HOLDS_MAX: Final = 1_000
"""Holds on one page of a digest."""

WATCH_MESSAGES_MAX: Final = 1_000
"""Messages of one watch of an account: past that it ends, since each is an entry of the centre's journal."""

WATCHES_MAX: Final = 1_000
"""Watches that run at one institution: each costs a look at a statement every second."""

LETTERS_MAX: Final = 100
"""Messages of an institution's own that it gives out at once; the rest follows under their cursor."""

DRIFTS_TOLD_MAX: Final = 1_000
"""Differences between one institution's digest and the record that a person is told one by one."""

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

LESSONS_MAX: Final = 500
"""Answered orders of one institution from which its dwell curve is learned: the newest."""

CASE_PLACES_MAX: Final = 2_500
"""Places of one case's trail: so many fit one event of the journal."""

CASE_CLAIMS_MAX: Final = 10_000
"""Claims of one case."""

TRAIL_SECONDS_MAX: Final = 10
"""How long a person's order waits until its case is traced; then the person is asked to come again."""

CASE_OPEN_MAX: Final = 1_000
"""Of each of motions, mandates, findings, appeals, and orders written down: how many may wait for a person in one case."""

CASE_OPINIONS_MAX: Final = 1_000
"""Opinions of institutions that one case keeps."""

ABROAD_ANSWERS_MAX: Final = 100
"""Answers that one request abroad keeps."""

CASE_ROWS_MAX: Final = 10_000
"""Row ids that one addition of facts may name."""

ROW_MINOR_MAX: Final = 2**50
"""Minor units of one statement row that is believed: far more than any payment, and thousands of them fit a pocket."""

PAID_DAYS_MAX: Final = 36_600
"""Days that a disputed payment may lie before its report: a century."""

TRACE_TRIES_MAX: Final = 3
"""Times that a case is traced whose process died, before a person is told."""

TRACE_QUICK_BYTES_MAX: Final = 2**20
"""Bytes of a case's statements, some three thousand rows, beyond which it is traced by the process for large cases."""

TRACE_ROWS_KEPT_MAX: Final = 50_000
"""Rows in cases' ledgers, and in statements, that a tracing process keeps: a case's next trace reads what its ledger lacks."""

TRACE_PARTS_GIVEN_MAX: Final = 20_000
"""Statements that are known to have been given to a tracing process; of more it is given all anew."""

TRAILS_KEPT_MAX: Final = 1_000
"""Cases of which the chase remembers by which transfers money came; of another it asks for the trail once more."""

CHASE_LOOKS_MAX: Final = 50
"""Cases left from before the start that are looked at between two looks at what is new."""

ACCOUNTS_AT_ONCE_MAX: Final = 256
"""Accounts of one statement that are entered with one sync, while nobody else can ask the vault."""

TAIL_RECORDS_MAX: Final = 8_192
"""Newest records that views of the writer's own process need not read from disk; who is further behind reads the journal."""

TAIL_BYTES_MAX: Final = 2**24
"""Bytes of those records' bodies."""

SNAPSHOT_RECORDS_MAX: Final = 100_000
"""Records after which a new snapshot is made: so many at most are folded by a start."""

SNAPSHOT_BYTES_MAX: Final = 2**32
"""Bytes of a snapshot once unpacked."""

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

SHIFT_TAKEN_SECONDS_MAX: Final = 900
"""How long a shift that was given is taken over though something happened to its list: a busy unit's always changes."""
DUTY_SECONDS_MAX: Final = 31 * 86_400
"""Seconds that one entry of the duty roster, or an acting approver's standing, may last."""

HTTP_BODY_BYTES_MAX: Final = 2**20
"""Bytes of one request's body."""

HTTP_DEPTH_MAX: Final = 16
"""Values within values in one request's body."""

HTTP_PAGE_ROWS_MAX: Final = 200
"""Rows of one page of an answer; the rest follows under its cursor."""

FIGURES_CASES_MIN: Final = 5
"""Cases behind a figure from which on a regulator sees it."""

CALLS_PER_MINUTE_MAX: Final = 1_200
"""Requests of one session in a minute."""

IMPORT_ROWS_MAX: Final = 2_000
"""Rows of one part of an import, which is no larger than any other body; a longer file is sent in parts."""

IMPORT_AT_ONCE_MAX: Final = 16
"""Rows of one part that are on their way to the writer together."""

LIST_CHECKS_PER_MINUTE_MAX: Final = 60
"""Checks of lists by one person in a minute: far more than a case needs, far fewer than trying a space of numbers does."""

LIST_CHECKS_EACH_PER_MINUTE_MAX: Final = 6_000
"""The same by one institution, which checks its payments."""

LIST_FOUND_MAX: Final = 20
"""Entries of one subject that a check tells; the rest is counted."""

LOGINS_PER_MINUTE_MAX: Final = 30
"""Logins, enrolments and setups from one address in a minute."""

LOGINS_AT_ONCE_MAX: Final = 2
"""Passwords that are hashed at the same time: each takes 64 MiB."""

STREAMS_MAX: Final = 256
"""Clients that listen to the stream of events at once."""

DRAIN_SECONDS_MAX: Final = 10
"""Seconds that open requests have to end when the process is told to stop."""

SCAN_BYTES_MAX: Final = 2**23
"""Bytes of one uploaded scan: a telephone's photograph of a sheet has three to six million, so 1 MiB would turn most away."""

SCAN_POINTS_MAX: Final = 64_000_000
"""Points of one picture: A4 at 600 points an inch has 35 million, a large photograph 50."""

SCAN_PAGES_MAX: Final = 8
"""Pages of one scan: a sheet has two."""

SCAN_SECONDS_MAX: Final = 20
"""Seconds that looking at one scan may take."""

SCANS_AT_ONCE_MAX: Final = 2
"""Scans that are looked at together; each may take a gibibyte."""

SCANS_EACH_MAX: Final = 16
"""Scans that are kept of one order."""

PACKET_ROWS_MAX: Final = 500
"""Rows of one table of a packet on paper, some fifteen pages; the packet's JSON has all of them."""

RETURN_DOCUMENTS_MAX: Final = 2_000
"""Documents of one return made at once, languages counted: some minutes."""

RETURN_FLOWS_MAX: Final = 500
"""Rows of a table of flows on paper; the trail's own flows.csv has all of them."""

PARTICULARS_BYTES_MAX: Final = 2**20
"""Bytes of the file with the particulars of a return."""

TEMPLATE_BYTES_MAX: Final = 2**24
"""Bytes of one DOCX template of an office."""

TEMPLATE_UNPACKED_BYTES_MAX: Final = 2**26
"""Bytes of all its parts when unpacked: a small file may hold a thousand times its size."""

POLICY_CURRENCIES_MAX: Final = 64
"""Currencies of one policy of decisions."""

WATCH_WAITING_MAX: Final = 1_000_000
"""Payments that wait (delayed or held) at once; one more is not made to wait."""

WATCH_ENDINGS_MAX: Final = 65_536
"""Payments that waited of which a watch remembers how they ended; of older ones only where an appeal was decided."""

RETURN_ROUNDS_MAX: Final = 100
"""Rounds of one return."""

RETURN_APPLICATIONS_MAX: Final = 2_000
"""Applications of one round; more claims go into the next."""

RETURN_OBJECTIONS_MAX: Final = 1_000
"""Objections of one round."""

RETURN_AWARDS_MAX: Final = 2_000
"""Awards of one plan that is bound to a round: they stand in one event."""

RETURN_PLAN_SECONDS_MAX: Final = 300
"""How long a plan is worked out beside the writer; then its process is ended and the person told."""

RETURN_CASES_MAX: Final = 100
"""Cases of one return."""

RETURN_SEIZED_MAX: Final = 1_000
"""Sums of seized money of one return."""

RETURN_RIGHTS_MAX: Final = 1_000
"""Prior rights of others in one return."""

RETURN_FACTS_MAX: Final = 100
"""What a bank said about one payment: more tells nobody anything."""

COUNTER_CODE_SECONDS_MAX: Final = 259_200
"""Seconds for which a code of the counter opens a claim to its victim: three days."""

COUNTER_CODE_USES_MAX: Final = 5
"""Times that it does so."""

COUNTER_TRIES_PER_MINUTE_MAX: Final = 20
"""Tries at the public page from one address in a minute."""

COUNTER_TRIES_EACH_PER_MINUTE_MAX: Final = 10
"""The same about one case, from wherever: a code has twelve digits."""

FORM_BYTES_MAX: Final = 2**14
"""Bytes of a form of the public page: the longest code on paper fits."""

STREAM_ROWS_MAX: Final = 2**31 - 1
"""Rows of the stream that are retained: distances between rows of one pocket are int32."""

STOLEN_CLAIMS_MAX: Final = 100_000
"""Claims of open cases in one stream."""

STOLEN_LOTS_MAX: Final = 4_000_000
"""Lots of stolen money in one stream, exits included; what comes beyond is *unknown* where it arrives, and says so."""

STOLEN_STEPS_MAX: Final = 1_000_000
"""Rows that placing one claim may follow, some seconds; past it nothing is changed, and a person is told."""

STOLEN_BINDINGS_MAX: Final = 1_000
"""Cases that hold money in one pocket of the stream."""

MODEL_TREES_MAX: Final = 4_096
"""Trees of a model that scores payments."""

MODEL_LEAVES_MAX: Final = 4_096
"""Leaves of one tree."""

MODEL_DEPTH_MAX: Final = 64
"""Splits above one leaf."""

MODEL_CUTS_MAX: Final = 65_534
"""Distinct thresholds of one feature: their ranks are numbers of 16 bits."""

MODEL_BYTES_MAX: Final = 2**28
"""Bytes of the file of a model."""

WATCH_ROWS_MAX: Final = 2**30
"""Rows of one shard's index: 52 GB; rows name those before them in 31 bits."""

WATCH_MOVES_MAX: Final = 2**24
"""Rows that one question for later movements may find: 1 GiB of them."""

BULLETIN_CHANGES_MAX: Final = 1_000
"""Changes for a watch's copy in one message."""

BULLETIN_CHAIN_MAX: Final = 200_000
"""Changes after which an institution's chain begins anew with what binds then."""

OUTCOME_TOLD_SECONDS_MAX: Final = 30 * 86_400
"""How long a new chain still says what was decided on an appeal against a decision of a watch."""

SIGHTING_POCKETS_MAX: Final = 100
"""Accounts of a claim's way whose statements one look of a watch tells."""

SUSPECTS_MAX: Final = 100_000
"""Accounts of which a watch remembers strong decisions, and payers that it named."""

SUSPICIONS_WAITING_MAX: Final = 10_000
"""Likely victims and suspect accounts that wait to be written as letters."""

WATCH_BATCH_ROWS_MAX: Final = 10_000
"""Payments of one request to the watch."""

WATCH_AMOUNT_CHARS_MAX: Final = 40
"""Characters of an amount as text."""

WATCH_BODY_BYTES_MAX: Final = 2**22
"""Bytes of one request's body to the watch: a batch of the largest size fits."""

WATCH_QUEUE_ROWS_MAX: Final = 2**17
"""Payments that wait for the watch, those answered early included; one more is told to come again."""

WATCH_GROUP_ROWS_MAX: Final = 8_192
"""Payments that are decided, and made durable, together."""

WATCH_MESSAGE_DEPTH_MAX: Final = 24
"""Elements within elements of a pacs.008; none that banks send needs more than twelve."""

WATCH_RECORD_BYTES_MAX: Final = 2**26
"""Bytes of one record of the watch's log."""

WATCH_HEAD_BYTES_MAX: Final = 2**14
"""Bytes of one HTTP request's first line and header fields."""

WATCH_CHECK_ACCOUNTS_MAX: Final = 1_000
"""Accounts of one check of lists."""
