-- works with: 7
-- For tests only: what a later version of the program might add. Programs that do not know of it
-- go on working.
ALTER TABLE partita.run ADD COLUMN later integer NOT NULL DEFAULT 0;
CREATE TABLE partita.later (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
