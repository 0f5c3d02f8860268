"""The records of a migration: generated, and loaded into a table that both tenants share."""

import csv
import json
import os
import subprocess
import xml.etree.ElementTree as xml

TENANTS = ("north", "south")

# `n` counts the records in the order of their ids. What is broken has its right text in `whole`.
TABLES = """
create table record (n bigint not null, tenant text not null, id text primary key,
                     marc text not null, whole text);
create unique index on record (tenant, id);
create unique index on record (n);
create function as_slow_as(text, seconds double precision) returns text stable language plpgsql as
  $$ begin perform pg_sleep(seconds); return $1; end $$;
grant select on record to partita;
-- A small table is read as a large one is.
alter role partita set enable_seqscan = off;"""

# In every 199, so that both tenants have their share of each kind.
BROKEN = "n % 199 = 100"
BREAK = f"""
update record set whole = marc, marc = case n / 199 % 3
  when 0 then left(marc, length(marc) / 2)
  when 1 then replace(marc, '"leader"', '"header"')
  else replace(marc, '"001"', '"0 1"') end
where {BROKEN}"""
MEND = "update record set marc = whole, whole = null where whole is not null"


def id_of(n):
    return f"n{n:09}"


def is_broken(n):
    return n % 199 == 100


def of_tenant(tenant, records):
    """Numbers of its records, in the order of their ids."""
    return range(TENANTS.index(tenant), records, len(TENANTS))


def in_json(element):
    """MARC-in-JSON of an element `record`."""
    fields = []
    for part in element[1:]:
        about = part.attrib
        if part.tag == "controlfield":
            fields.append({about["tag"]: part.text})
        else:
            inside = [{one.attrib["code"]: one.text} for one in part]
            fields.append({about["tag"]: {"ind1": about["ind1"], "ind2": about["ind2"],
                                          "subfields": inside}})
    return json.dumps({"leader": element[0].text, "fields": fields}, ensure_ascii=False)


def generated(binary, folder, records, env):
    """MARC-in-JSON of so many records. The generator writes each on a line of its own."""
    path = folder + "/records.xml"
    subprocess.run([binary, "generate", "marc", path, "--rows", str(records), "--seed", "7"],
                   check=True, env=env, stderr=subprocess.DEVNULL)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("<record>"):
                yield in_json(xml.fromstring(line))
    os.unlink(path)


def load(server, texts):
    """Returns how many. Their ids are those of id_of, as a check below says."""
    server.text(TABLES)
    copy = "copy record (n, tenant, id, marc) from stdin (format csv)"
    with subprocess.Popen(server.psql_command() + ["-c", copy], env=server.env, text=True,
                          encoding="utf-8", stdin=subprocess.PIPE) as psql:
        rows = csv.writer(psql.stdin)
        n = -1
        for n, marc in enumerate(texts):
            rows.writerow((n, TENANTS[n % len(TENANTS)], id_of(n), marc))
    if psql.returncode != 0:
        raise RuntimeError("the records cannot be loaded")
    wrong = server.one("select count(*) from record where id <>"
                       " marc::json #>> '{fields,0,001}'", timeout=600)
    if wrong != "0":
        raise RuntimeError(f"{wrong} records have another control number than expected")
    server.text(BREAK, timeout=600)
    server.text("vacuum analyze record", timeout=600)
    return n + 1


def make_views(server, delay_ms):
    """A view of its records for each tenant. Each record takes so long to read."""
    marc = f"as_slow_as(marc, {delay_ms / 1000})" if delay_ms else "marc"
    for tenant in TENANTS:
        server.text(f"create or replace view {tenant}_record as select id, {marc} as marc"
                    f" from record where tenant = '{tenant}'; grant select on {tenant}_record"
                    " to partita")


def break_one_of(server, chunks, size):
    """A record in each of these chunks of the whole table is broken, no other one is."""
    server.text(MEND, timeout=600)
    numbers = ", ".join(str(chunk * size) for chunk in chunks)
    server.text("update record set whole = marc, marc = left(marc, length(marc) / 2)"
                f" where n in ({numbers})")


def mend(server):
    server.text(MEND, timeout=600)
