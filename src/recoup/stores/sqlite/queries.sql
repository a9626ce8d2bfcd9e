-- name: read_leader
-- Which epoch may write.
SELECT epoch FROM leader WHERE place = 1;

-- name: lead
-- A new epoch shuts out every writer before it.
UPDATE leader SET epoch = epoch + 1 WHERE place = 1 RETURNING epoch;

-- name: raise_leader
-- An epoch beyond all that a copied file's first owner can have reached.
UPDATE leader SET epoch = max(epoch + 1, ?) WHERE place = 1 RETURNING epoch;

-- name: add_record
-- One sealed record.
INSERT INTO record (sequence, at_us, command, subject, name, version, body, previous, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_answer
-- What a command was told.
INSERT INTO answer (command, digest, body) VALUES (?, ?, ?);

-- name: add_message
-- Something to send.
INSERT INTO message (id, destination, kind, body, epoch, sequence) VALUES (?, ?, ?, ?, ?, ?);

-- name: end_deadline
-- A deadline that no longer stands.
DELETE FROM deadline WHERE id = ?;

-- name: set_deadline
-- A deadline, or the new time of one.
INSERT INTO deadline (id, due_us, kind, subject, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  due_us = excluded.due_us, kind = excluded.kind, subject = excluded.subject, body = excluded.body;

-- name: last_sequence
-- How far the journal goes.
SELECT coalesce(max(sequence), 0) FROM record;

-- name: read_records
-- Records of a range, in order.
SELECT sequence, at_us, command, subject, name, version, body, previous, hash
FROM record WHERE sequence BETWEEN ? AND ? ORDER BY sequence;

-- name: read_last
-- The record that the next one follows.
SELECT sequence, at_us, command, subject, name, version, body, previous, hash
FROM record ORDER BY sequence DESC LIMIT 1;

-- name: read_answers
-- What commands were told; takes their ids as a JSON array, so that a batch asks once.
SELECT command, digest, body FROM answer WHERE command IN (SELECT value FROM json_each(?));

-- name: read_pending
-- Messages to send, in the order in which they were decided, from the one after a message on.
SELECT id, destination, kind, body, epoch, sequence FROM message
WHERE is_sent = 0 AND place > coalesce((SELECT place FROM message WHERE id = ?), 0) ORDER BY place LIMIT ?;

-- name: read_pending_to
-- The same for one institution.
SELECT id, destination, kind, body, epoch, sequence FROM message
WHERE is_sent = 0 AND destination = ? AND place > coalesce((SELECT place FROM message WHERE id = ?), 0)
ORDER BY place LIMIT ?;

-- name: mark_sent
-- A message that was sent; gives no row if that is known.
UPDATE message SET is_sent = 1 WHERE id = ? AND is_sent = 0 RETURNING id;

-- name: settle_message
-- A message that got through, noted with the records that say so.
UPDATE message SET is_sent = 1 WHERE id = ?;

-- name: read_due
-- Deadlines that are due.
SELECT id, due_us, kind, subject, body FROM deadline WHERE due_us <= ? ORDER BY due_us, id LIMIT ?;

-- name: add_checkpoint
-- A checkpoint, or the same one with more cosignatures.
INSERT INTO checkpoint (size, note) VALUES (?, ?) ON CONFLICT (size) DO UPDATE SET note = excluded.note;

-- name: read_checkpoints
-- All checkpoints.
SELECT size, note FROM checkpoint ORDER BY size;

-- name: add_snapshot
-- A snapshot that takes the place of an older one.
INSERT INTO snapshot (name, sequence, body) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, body = excluded.body
WHERE excluded.sequence >= snapshot.sequence;

-- name: read_snapshot
-- The newest snapshot of a name.
SELECT name, sequence, body FROM snapshot WHERE name = ?;

-- name: read_schema_version
-- Which migration the file is at.
SELECT version_num FROM alembic_version;

-- name: has_tables
-- Whether the file is new.
SELECT count(*) FROM sqlite_schema;
