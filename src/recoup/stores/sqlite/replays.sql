-- name: read_since
-- When the window began.
SELECT since_us FROM begun WHERE place = 1;

-- name: begin
-- The beginning of a new window.
INSERT INTO begun (place, since_us) VALUES (1, ?);

-- name: forget_taken
-- Ids of sendings that would be refused for their age by now.
DELETE FROM taken WHERE until_us <= ?;

-- name: add_taken
-- A sending that was taken; no row if it was taken before.
INSERT INTO taken (issuer, jti, until_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1;
