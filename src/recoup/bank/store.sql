-- name: read_handled
-- An order that came before: its JSON, when, and its answer.
SELECT body, received_us, answer FROM handled WHERE order_id = ?;

-- name: read_open
-- Orders that were begun and not answered: the process died meanwhile.
SELECT order_id, body, received_us FROM handled WHERE answer IS NULL ORDER BY received_us, order_id;

-- name: add_handled
-- An order that is about to be carried out.
INSERT INTO handled (order_id, body, received_us) VALUES (?, ?, ?);

-- name: set_answer
-- What an order was answered, once.
UPDATE handled SET answer = ? WHERE order_id = ? AND answer IS NULL RETURNING 1;

-- name: put_hold
-- A hold as it stands now.
INSERT INTO hold (id, account, currency, ends_us, place, is_live, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  ends_us = excluded.ends_us, place = excluded.place, is_live = excluded.is_live, body = excluded.body;

-- name: read_holds
-- All holds of an account in a currency, ended ones too.
SELECT body FROM hold WHERE account = ? AND currency = ? ORDER BY place, id;

-- name: read_live
-- A page of the holds that stand.
SELECT body FROM hold WHERE is_live = 1 AND id > ? ORDER BY id LIMIT ?;

-- name: read_due
-- Holds whose end has come.
SELECT body FROM hold WHERE is_live = 1 AND ends_us <= ? ORDER BY ends_us, id;

-- name: last_place
-- The newest place in any account's queue.
SELECT max(place) FROM hold;

-- name: forget_taken
-- Ids of sendings that would be refused for their age by now.
DELETE FROM taken WHERE until_us <= ?;

-- name: add_taken
-- A sending that was taken; no row if it was taken before.
INSERT INTO taken (issuer, jti, until_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1;

-- name: keep
-- A value by its name, in the place of the one before.
INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: read_kept
-- A value by its name.
SELECT value FROM kept WHERE name = ?;

-- name: forget_order
-- Only the sandbox forgets: it plays a bank that lost its books.
DELETE FROM handled WHERE order_id = ?;

-- name: forget_hold
-- The same for a hold.
DELETE FROM hold WHERE id = ?;

-- name: add_notice
-- What a holder is to be told of an order, once.
INSERT INTO notice (order_id, account, currency, text, held_back_us) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: read_untold
-- Notices whose time has come and that have not reached their holders.
SELECT order_id, account, currency, text, state, at_us, way, reason, until_us, held_back_us FROM notice
WHERE (state = 'due' OR (state = 'deferred' AND until_us <= ?)) AND coalesce(held_back_us, 0) <= ?
ORDER BY order_id LIMIT ?;

-- name: read_notice
-- One of them, given or not.
SELECT order_id, account, currency, text, state, at_us, way, reason, until_us, held_back_us FROM notice WHERE order_id = ?;

-- name: read_notices
-- Those that were not given, and those of what stands.
SELECT order_id, account, currency, text, state, at_us, way, reason, until_us, held_back_us FROM notice
WHERE state != 'given' OR EXISTS (
  SELECT 1 FROM hold WHERE hold.account = notice.account AND hold.currency = notice.currency AND is_live = 1
) OR EXISTS (SELECT 1 FROM measure WHERE measure.id = notice.order_id AND is_live = 1) ORDER BY order_id;

-- name: set_notice
-- What became of a notice that was not given; once given it stays so.
UPDATE notice SET state = ?, at_us = ?, way = ?, reason = ?, until_us = ?
WHERE order_id = ? AND state != 'given' RETURNING 1;

-- name: hold_back
-- Until when a holder is not told, as the centre says now; a notice that was given stays so.
UPDATE notice SET held_back_us = ? WHERE order_id = ? AND state != 'given';

-- name: add_letter
-- A message of our own to the centre, once.
INSERT INTO letter (id, name, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1;

-- name: read_letters
-- The next of them.
SELECT place, name, body FROM letter WHERE place > ? ORDER BY place LIMIT ?;

-- name: read_letters_of
-- All of one kind.
SELECT place, name, body FROM letter WHERE name = ? ORDER BY place;

-- name: put_payment
-- A payment back as it stands now.
INSERT INTO payment (reference, body) VALUES (?, ?) ON CONFLICT (reference) DO UPDATE SET body = excluded.body;

-- name: read_payment
-- One of them.
SELECT body FROM payment WHERE reference = ?;

-- name: read_hold
-- A hold by the order that began it.
SELECT body FROM hold WHERE id = ?;

-- name: make_watch
-- The table of watches, for books that were made before there were any: as in the schema.
CREATE TABLE watch (
  order_id TEXT PRIMARY KEY,
  is_live  INTEGER NOT NULL,
  body     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- name: put_watch
-- A watch as it stands now.
INSERT INTO watch (order_id, is_live, body) VALUES (?, ?, ?)
ON CONFLICT (order_id) DO UPDATE SET is_live = excluded.is_live, body = excluded.body;

-- name: read_watches
-- Those that run.
SELECT body FROM watch WHERE is_live = 1 ORDER BY order_id;

-- name: make_measure
-- The table of measures, for books that were made before there were any: as in the schema.
CREATE TABLE measure (
  id      TEXT PRIMARY KEY,   -- the centre's
  account TEXT NOT NULL,
  ends_us INTEGER NOT NULL,   -- its notice is put off no further
  is_live INTEGER NOT NULL,
  body    BLOB NOT NULL       -- as the centre told it when it began
) STRICT, WITHOUT ROWID;

-- name: put_measure
-- A measure that the centre told of, once.
INSERT INTO measure (id, account, ends_us, is_live, body) VALUES (?, ?, ?, 1, ?) ON CONFLICT DO NOTHING;

-- name: end_measure
-- One that binds no more.
UPDATE measure SET is_live = 0 WHERE id = ? AND is_live = 1 RETURNING 1;

-- name: read_measure
-- One of them, whether it binds or not.
SELECT body, is_live FROM measure WHERE id = ?;

-- name: read_measures
-- Those that bind.
SELECT body, is_live FROM measure WHERE is_live = 1 ORDER BY id;
