-- name: read_key
-- A subject's wrapped key; no row if the subject is new, NULL if the key was destroyed.
SELECT wrapped FROM vault_key WHERE subject = ?;

-- name: add_key
-- A new subject.
INSERT INTO vault_key (subject, wrapped) VALUES (?, ?);

-- name: destroy_key
-- The subject stays known, its key does not; a subject that never was is remembered as destroyed too.
INSERT INTO vault_key (subject, wrapped) VALUES (?, NULL) ON CONFLICT (subject) DO UPDATE SET wrapped = NULL;

-- name: drop_pieces
-- The pieces that nobody can open any more.
DELETE FROM vault_item WHERE subject = ?;

-- name: put_piece
-- A piece in the place of one before it.
INSERT INTO vault_item (subject, field, nonce, sealed, lookup) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (subject, field) DO UPDATE SET
  nonce = excluded.nonce, sealed = excluded.sealed, lookup = excluded.lookup;

-- name: read_piece
-- A piece.
SELECT nonce, sealed, lookup FROM vault_item WHERE subject = ? AND field = ?;

-- name: find_subjects
-- Who has this text in this field.
SELECT subject FROM vault_item WHERE field = ? AND lookup = ? ORDER BY subject;

-- name: empty_log
-- Moves the log into the file and cuts it to nothing, so that no old page of it holds a destroyed key.
PRAGMA wal_checkpoint(TRUNCATE);
