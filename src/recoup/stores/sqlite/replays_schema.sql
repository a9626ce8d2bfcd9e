-- Which sendings were taken. A file of its own: its syncs do not wait for the journal's. Its version stands in user_version.

CREATE TABLE taken (
  issuer   TEXT    NOT NULL,
  jti      TEXT    NOT NULL,
  until_us INTEGER NOT NULL,  -- from then on it is refused for its age
  PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX taken_until ON taken (until_us);

CREATE TABLE begun (
  place    INTEGER PRIMARY KEY CHECK (place = 1),
  since_us INTEGER NOT NULL   -- when the window began: what was signed before may have been taken without being in it
) STRICT;
