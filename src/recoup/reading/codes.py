"""Every problem a reading can find: its stable code, what to do about it, whether rows can be left out to go on. No checks.

`docs/reference/problems.md` lists the same codes; a test compares both.
"""

from __future__ import annotations

from typing import Final

OPTIONS: Final[dict[str, str]] = {
    "option_time_unreadable": "write it as 2026-01-31T18:30:00+08:00, or without the offset and with --timezone",
    "duration_unreadable": "write it as 72h, 30m, 7d or PT24H; a thousand years at most",
    "dust_unreadable": "give a positive decimal amount, such as 1.00",
    "unknown_rule": "use fifo, lifo, rolling, lowest-balance, pari-passu, poison or all",
    "out_among_inputs": "choose another place: here it would replace an input or a result, or be read as statements next time",
    "out_is_folder": "name a file; this is a folder",
    "out_is_file": "name a folder; this is a file",
    "out_unwritable": "choose a place that can be written and has room; nothing was written",
    "document_failed": "nothing was written; this is a fault of the program, report it with the command",
    "layouts_differ": "give files of one layout of transfers; a map fits one",
}
"""What the command line finds wrong before or after any reading; part of `ADVICE`."""

ADVICE: Final[dict[str, str]] = {
    **OPTIONS,
    # files
    "file_missing": "give the path of a file or folder that exists",
    "file_unreadable": "check the file's permissions and that it opens in its own program, then export it again",
    "file_empty": "export the file again; it holds no rows",
    "file_too_large": "split the file; it is over the bound that protects memory",
    "file_format_unknown": "convert it to CSV, XLSX, XLS, Parquet, Arrow, JSON lines, camt.053, camt.054 or MT940",
    "file_given_twice": "give each file once",
    "encoding_unreadable": "save the file as UTF-8 or GB18030",
    "quote_unclosed": "close the quotation mark in this row, or export the file again",
    "headers_unrecognised": "name the headers in a map (--map map.toml, [columns])",
    "column_missing": "add the column, or name its header in a map (--map map.toml, [columns])",
    "sheet_missing": "correct the key sheet of the map; the workbook has no sheet of that name",
    "map_invalid": "correct the map; docs/reference/map.md lists its keys",
    "timezone_unknown": "give an IANA time zone, such as --timezone Asia/Shanghai",
    "xml_invalid": "ask the institution for the file again; it is not a camt.053 or camt.054 message",
    "mt940_invalid": "ask the institution for the file again; it is not an MT940 message",
    "account_digits_lost": "ask for the account numbers as text; Excel keeps 15 digits of a number, the rest is gone",
    "amount_unit_unstated": 'integers may be yuan or fen: set unit = "major" or "minor" under [amount] in a map',
    # rows
    "row_ragged": "put values that hold the separator in quotation marks; this row has more cells than the header",
    "row_null_bytes": "export the file again; this row holds null bytes",
    "row_not_json": "write one JSON object a line, each name once",
    "cell_too_large": "shorten the cell; it is over the bound of a spreadsheet's cell",
    "amount_missing": "give the amount",
    "amount_unreadable": "give a decimal number such as 1234.56",
    "amount_not_positive": "give an amount above zero; the way of a transfer is said by payer and payee, or by the direction",
    "amount_too_fine": "check the currency, or declare its decimals with --digits, such as --digits JPY=2",
    "amount_too_large": "check the amount; it does not fit 64 bits in minor units",
    "amount_both_sides": "give either a debit or a credit amount in one row",
    "pocket_too_large": "check the amounts of this account; together they exceed 2^61 minor units",
    "balance_unreadable": "give the balance as a decimal number, or leave it empty",
    "balance_mismatch": "look for a missing, doubled or wrong row here or before (recoup check shows every break)",
    "currency_missing": 'give a currency column, or currency = "CNY" under [defaults] in a map',
    "currency_unknown": "give an ISO 4217 code, or declare the code's decimals with --digits, such as --digits ABC=2",
    "time_missing": "give the time",
    "time_unreadable": 'give YYYY-MM-DD HH:MM:SS, or formats = ["%d.%m.%Y"] under [time] in a map',
    "time_without_zone": "say where the clock stood, such as --timezone Asia/Shanghai",
    "time_ambiguous": "give the offset, such as +02:00; this local time occurs twice when clocks go back",
    "time_nonexistent": "check the time or the time zone; this local time is skipped when clocks go forward",
    "sequence_unreadable": "give a whole number",
    "kind_unknown": "use a kind of docs/reference/ledger.md, or translate the word under [kinds] in a map",
    "direction_missing": "say whether money came in or went out, or translate the word under [directions] in a map",
    "direction_unknown": 'translate the word under [directions] in a map, such as "不计收支" = "skip"',
    "status_unknown": 'translate the word under [statuses] in a map to "ok" or "failed"',
    "account_missing": 'give the account, in a column, a title row, or account = "..." in a map',
    "parties_missing": "give the payer or the payee; a row without both moves nothing",
    "id_duplicate": "give each transfer an id of its own, or correct the row that differs",
    "reversal_without_original": "give the id of the reversed transfer in the column reverses, or translate the kind in a map",
    "reversal_of_nothing": "correct the id in the column reverses; no transfer has it",
    "reversal_too_early": "correct the time or the id; a reversal comes after its original",
    "reversal_differs": "correct the row; a reversal goes back between the same two accounts in the same currency",
    "reversal_too_large": "correct the amounts; the reversals of one transfer exceed it",
    "conversion_inconsistent": "give the credit of a conversion the time of its debit or a later one, in another currency",
    # claims and declarations
    "claim_missing": "give the claim an id",
    "claim_duplicate": "give each claim an id of its own",
    "victim_missing": "name the victim",
    "claim_without_transfer": "give the id of the disputed transfer, or payer, payee, amount and time",
    "transfer_disputed_twice": "keep one claim for this transfer",
    "claim_no_match": "correct the claim; no transfer given agrees with it",
    "claim_ambiguous": "give the transfer's id; several transfers agree with this claim",
    "claim_differs": "correct the claim; the transfer has another value",
    "claim_self_transfer": "dispute a transfer between two accounts; this one has the same payer and payee",
    "boolean_unreadable": "give true or false",
    "opening_duplicate": "keep one opening for this account and currency",
    "opening_negative": "give an opening of at least zero",
    "hold_ends_early": "give an end after the start",
    # labels
    "label_without_name": "name the transfer by its id",
    "label_unreadable": "give true or false",
    "label_repeated": "keep one label for this transfer or account",
    "label_no_match": "correct the id or account; no transfer given has it",
    "labels_missing": "give labels of which some are true and some are not",
    "labels_too_few": "give a longer period or a shorter --label-delay; both fraud and other payments are needed",
    "period_empty": "give another period; no payment lies in it",
    # what is given back
    "pot_twice": "keep one pot for this account and currency",
    "pot_holder_unknown": "write involved or innocent",
    "pot_kind_unknown": "write account, cash, proceeds or restitution",
    "pot_shared": "settle first with whoever else froze this account what is free for the case, and give that as the amount",
    "pot_currency": "correct the currency; no claim is in it",
    "pot_above_balance": "correct the amount, or give the opening balance (--opening); the statements show less here",
    "loss_above_transfer": "correct the loss; the disputed transfer moved less",
    "amount_negative": "give an amount of at least zero",
    "paid_above_loss": "correct the amounts; more was returned and compensated than was lost",
    "paid_claim_unknown": "correct the claim; only claims of this case count here",
    "paid_currency": "correct the currency; a claim is paid in its own",
    "paid_above_missing": "correct the amounts; more was paid than was missed; what stands in returned is not said here again",
    "claim_class_unknown": "write victim or third_party",
    "return_unreadable": "give a folder as recoup return wrote it",
    "policy_not_payable": "use a policy by which money may be paid; this one is for comparison (recoup return compare)",
    "papers_invalid": "correct the particulars; docs/reference/return-documents.md lists their keys",
    "template_invalid": "correct the template; recoup return templates DIR writes one with every field",
    "signing_key_unusable": "give a key and its certificate as PKCS#12 or PEM, with the right passphrase",
    # imports of reports and registers
    "foreign_missing": "give each row the id that it has in the system it comes from",
    "foreign_repeated": "give each id once; a row that holds more than one thing is more than one row",
    "value_unusable": "write ids and numbers without spaces and signs, texts on one line and not too long",
    "institution_missing": "give the institution at which the account lies, by its id here",
    "name_missing": "give the name: an institution compares it before it does anything",
    "measure_unknown": "write stop or freeze",
    "report_before_payment": "give the time of the report and of the payment before it",
    "link_to_itself": "give two different accounts",
    "link_unsupported": "say what the link rests on, how sure it is, and who asserts it",
    "currency_ambiguous": "give the currency; this account has several",
}
"""Code to what to do, as a sentence without the final stop."""

FATAL: Final = frozenset(
    {
        "file_missing", "file_unreadable", "file_empty", "file_too_large", "file_format_unknown", "file_given_twice",
        "encoding_unreadable", "quote_unclosed", "headers_unrecognised", "column_missing", "sheet_missing", "map_invalid",
        "timezone_unknown", "xml_invalid", "mt940_invalid", "amount_unit_unstated", "balance_mismatch", "pocket_too_large",
        *OPTIONS,
    }
)  # fmt: skip
"""Codes that no `--rejects` heals: the whole file is in doubt, or leaving the row out would not put the rest right."""
