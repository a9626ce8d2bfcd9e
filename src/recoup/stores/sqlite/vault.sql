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

-- name: wait_for
-- A new piece that waits for the entry of a command; one that waits already keeps its first command.
INSERT INTO vault_waiting (subject, field, command, at_us) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: read_waiting
-- What waits, oldest first.
SELECT subject, field, command, at_us FROM vault_waiting ORDER BY at_us, subject, field;

-- name: has_waiting
-- Whether anything waits about this subject.
SELECT EXISTS (SELECT 1 FROM vault_waiting WHERE subject = ?);

-- name: stop_waiting
-- A command's entry is on disk.
DELETE FROM vault_waiting WHERE command = ?;

-- name: rely_on
-- Something else rests on this subject: it stays, whatever becomes of the command.
DELETE FROM vault_waiting WHERE subject = ?;

-- name: drop_piece
-- A piece that nothing names.
DELETE FROM vault_item WHERE subject = ? AND field = ?;

-- name: stop_waiting_for
-- A piece that is dropped, or named by now.
DELETE FROM vault_waiting WHERE subject = ? AND field = ?;

-- name: drop_bare_key
-- The key of a subject of which nothing is left; one that was destroyed stays, so that it is not taken again.
DELETE FROM vault_key WHERE subject = ? AND wrapped IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM vault_item WHERE vault_item.subject = vault_key.subject);

-- name: find_all
-- The same of many digests of 32 bytes, given one behind the other.
WITH RECURSIVE asked (at, lookup) AS (
  SELECT 1, substr(?1, 1, 32)
  UNION ALL
  SELECT at + 32, substr(?1, at + 32, 32) FROM asked WHERE at + 32 < length(?1)
)
SELECT item.lookup, item.subject
FROM asked CROSS JOIN vault_item AS item ON item.field = ?2 AND item.lookup = asked.lookup
ORDER BY item.subject;

-- name: read_keys
-- The wrapped keys of many subjects, given as a list in JSON.
SELECT subject, wrapped FROM vault_key WHERE subject IN (SELECT value FROM json_each(?));

-- name: empty_log
-- Moves the log into the file and cuts it to nothing, so that no old page of it holds a destroyed key.
PRAGMA wal_checkpoint(TRUNCATE);
