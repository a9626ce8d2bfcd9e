-- The schema as a new file gets it. An older file is brought here by the migrations; a test compares the two.

CREATE TABLE record (
  sequence INTEGER PRIMARY KEY,
  at_us    INTEGER NOT NULL,
  command  TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  body     BLOB    NOT NULL,
  previous BLOB    NOT NULL CHECK (length(previous) = 32),
  hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE answer (
  command TEXT PRIMARY KEY,
  digest  BLOB NOT NULL CHECK (length(digest) = 32),
  body    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  place       INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  destination TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  epoch       INTEGER NOT NULL,
  sequence    INTEGER NOT NULL,
  is_sent     INTEGER NOT NULL DEFAULT 0 CHECK (is_sent IN (0, 1))
) STRICT;

CREATE INDEX message_pending ON message (place) WHERE is_sent = 0;
CREATE INDEX message_waiting ON message (destination, place) WHERE is_sent = 0;

CREATE TABLE deadline (
  id      TEXT    PRIMARY KEY,
  due_us  INTEGER NOT NULL,
  kind    TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  body    BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX deadline_due ON deadline (due_us, id);

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  note BLOB    NOT NULL
) STRICT;

CREATE TABLE snapshot (
  name     TEXT    PRIMARY KEY,
  sequence INTEGER NOT NULL,
  body     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leader (
  place INTEGER PRIMARY KEY CHECK (place = 1),
  epoch INTEGER NOT NULL
) STRICT;

INSERT INTO leader (place, epoch) VALUES (1, 0);

CREATE TABLE vault_key (
  subject TEXT PRIMARY KEY,
  wrapped BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE vault_item (
  subject TEXT NOT NULL REFERENCES vault_key (subject),
  field   TEXT NOT NULL,
  nonce   BLOB NOT NULL CHECK (length(nonce) = 12),
  sealed  BLOB NOT NULL,
  lookup  BLOB NOT NULL CHECK (length(lookup) = 32),
  PRIMARY KEY (subject, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_item_lookup ON vault_item (field, lookup, subject);

CREATE TABLE vault_waiting (
  subject TEXT    NOT NULL,
  field   TEXT    NOT NULL,
  command TEXT    NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (subject, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_waiting_command ON vault_waiting (command);

CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
