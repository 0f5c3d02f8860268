-- works with: 7
-- For tests only: what a later version of the program might add. Programs that do not know of it
-- go on working.
ALTER TABLE partita_run ADD COLUMN later INTEGER NOT NULL DEFAULT 0;
CREATE TABLE partita_later (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
