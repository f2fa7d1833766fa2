-- One row a login. Times are Unix microseconds; NULL stands for never. A row outlives its user, whose id is never given again:
-- there is no foreign key.
--
-- A rotation writes one row and no index: it changes used, current, expires, parent, rotated and keep, and no index has one of
-- them. So the sweep goes by due, which is what keep was when the row was made, and moves a row on when it comes to it.
CREATE TABLE sessions (
    sid     TEXT    NOT NULL PRIMARY KEY COLLATE BINARY CHECK (sid <> ''),
    user    INTEGER NOT NULL,
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    agent   TEXT    NOT NULL,
    address TEXT    NOT NULL,
    current TEXT    NOT NULL COLLATE BINARY,
    expires INTEGER NOT NULL,
    parent  TEXT    NOT NULL COLLATE BINARY,
    rotated INTEGER,
    ended   INTEGER,
    reason  TEXT    NOT NULL DEFAULT '',
    keep    INTEGER NOT NULL,
    due     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user, created);
-- Sessions that ended are remembered for a while: neither who lists those that go on nor who ends them walks over them.
CREATE INDEX sessions_alive ON sessions (user, created) WHERE ended IS NULL;
CREATE INDEX sessions_due ON sessions (due);

-- A JSON object, NULL for none.
ALTER TABLE users ADD COLUMN claims TEXT;

-- It grows at each end of all of a user's sessions.
ALTER TABLE users ADD COLUMN sessions_ended INTEGER;
