-- Which pieces of the vault wait for the entry in the journal that names them.

CREATE TABLE vault_waiting (
  subject TEXT    NOT NULL,
  field   TEXT    NOT NULL,
  command TEXT    NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (subject, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_waiting_command ON vault_waiting (command);
