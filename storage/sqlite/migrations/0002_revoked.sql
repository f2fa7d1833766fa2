-- Tokens that are refused although they have not expired. expires is in Unix microseconds.
CREATE TABLE revoked (
    id      TEXT    NOT NULL PRIMARY KEY COLLATE BINARY,
    expires INTEGER NOT NULL,
    import  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_expires ON revoked (expires);

-- A row whose import has a row here is nobody's to see: deleting that one row shows all of an import at once.
-- AUTOINCREMENT: were an id given twice, the second import would hide what the first one added.
-- heartbeat, in Unix microseconds, tells an import that runs from one that was killed.
CREATE TABLE pending_imports (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    heartbeat INTEGER NOT NULL
) STRICT;

-- NULL where no import added the row.
ALTER TABLE users ADD COLUMN import INTEGER;

-- They find what an import that failed has added.
CREATE INDEX users_import ON users (import) WHERE import IS NOT NULL;
CREATE INDEX revoked_import ON revoked (import) WHERE import IS NOT NULL;
