-- AUTOINCREMENT: an id is never given twice, also after its user was deleted.
-- Times are Unix microseconds; NULL stands for never (last_login) and unknown (joined).
CREATE TABLE users (
    id              INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    username        TEXT    NOT NULL UNIQUE COLLATE BINARY,
    password        TEXT    NOT NULL,
    password_format TEXT    NOT NULL,
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    last_login      INTEGER,
    joined          INTEGER
) STRICT;

-- The distinct formats are found by jumping from one to the next in this index.
CREATE INDEX users_password_format ON users (password_format);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY COLLATE BINARY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
