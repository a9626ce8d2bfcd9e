-- The bank's own books of orders and holds. Its version stands in the file's user_version.

CREATE TABLE handled (
  order_id    TEXT    PRIMARY KEY,
  body        BLOB    NOT NULL,  -- the order's JSON as it came: what a repeat is compared with
  received_us INTEGER NOT NULL,
  answer      BLOB               -- the answer's JSON; NULL while the order is being carried out
) STRICT;

CREATE INDEX handled_open ON handled (received_us) WHERE answer IS NULL;

CREATE TABLE hold (
  id       TEXT    PRIMARY KEY,  -- the order that began it
  account  TEXT    NOT NULL,
  currency TEXT    NOT NULL,
  ends_us  INTEGER NOT NULL,
  place    INTEGER NOT NULL,     -- of its newest part
  is_live  INTEGER NOT NULL CHECK (is_live IN (0, 1)),
  body     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX hold_of_account ON hold (account, currency);
CREATE INDEX hold_due ON hold (ends_us) WHERE is_live = 1;
CREATE INDEX hold_place ON hold (place);

CREATE TABLE taken (
  issuer   TEXT    NOT NULL,
  jti      TEXT    NOT NULL,
  until_us INTEGER NOT NULL,
  PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX taken_until ON taken (until_us);

CREATE TABLE kept (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  order_id TEXT PRIMARY KEY,
  account  TEXT NOT NULL,
  currency TEXT NOT NULL,
  text     TEXT NOT NULL,
  state    TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'given', 'deferred')),
  at_us    INTEGER,                   -- when it was given or put off
  way      TEXT NOT NULL DEFAULT '',  -- how it was given
  reason   TEXT NOT NULL DEFAULT '',  -- why it is put off
  until_us INTEGER,                   -- and until when
  held_back_us INTEGER,               -- not before this, by a decision at the centre
  CHECK (state != 'deferred' OR (reason != '' AND until_us IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_open ON notice (order_id) WHERE state != 'given';

CREATE TABLE letter (
  place INTEGER PRIMARY KEY AUTOINCREMENT,  -- the cursor: a place is never given twice
  id    TEXT    NOT NULL UNIQUE,
  name  TEXT    NOT NULL,
  body  BLOB    NOT NULL
) STRICT;

CREATE TABLE payment (
  reference TEXT PRIMARY KEY,  -- the order that it carries out: kept for good, or it could be paid twice
  body      BLOB NOT NULL      -- the payment as the core system booked it
) STRICT, WITHOUT ROWID;

CREATE TABLE watch (
  order_id TEXT PRIMARY KEY,
  is_live  INTEGER NOT NULL,
  body     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE measure (
  id      TEXT PRIMARY KEY,   -- the centre's
  account TEXT NOT NULL,
  ends_us INTEGER NOT NULL,   -- its notice is put off no further
  is_live INTEGER NOT NULL,
  body    BLOB NOT NULL       -- as the centre told it when it began
) STRICT, WITHOUT ROWID;
