#!/bin/sh
# The report of a run: one page that needs nothing else, whole or not there, small for large runs.
. "$(dirname "$0")/lib.sh"

# Every element is closed, nothing is asked for, no script is there.
check_page() {
  python3 - "$1" <<'PY'
import html.parser, re, sys

void = {"meta", "br", "link"}

class page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "data") or name.startswith("on"):
                sys.exit(f"<{tag}> has {name}={value}")
        if tag not in void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f"</{tag}> closes nothing")

text = open(sys.argv[1], encoding="utf-8").read()
p = page()
p.feed(text)
if p.open or "script" in p.seen or re.search(r"url\(|@import|[\x00-\x08\x0b-\x1f\x7f]", text):
    sys.exit(f"left open: {p.open}; elements: {p.seen}")
PY
}
holds() { grep -Eq -- "$1" "$scratch/run.html"; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=400 partitions=40 --fast --nodes 2
  expect 0 "wrote the report of run 1 to .*run.html" "$PARTITA" job 1 --report "$scratch/run.html"
  ok "$kind: nothing is on stdout" [ ! -s "$scratch/stdout" ]
  ok "$kind: it is a page" check_page "$scratch/run.html"
  ok "$kind: every partition is drawn" [ \
    "$(grep -c 'try 1: completed' "$scratch/run.html")" -eq 40 ]
  ok "$kind: with its result" holds '&quot;sum&quot;:80200'
  ok "$kind: with its parameters" holds '<dt>partitions</dt><dd>40</dd>'
  ok "$kind: with its events" holds 'RUN_ENDED'

  expect 0 "wrote the report of run 1 to stdout" "$PARTITA" job 1 --report -
  ok "$kind: on stdout it is the same page" check_page "$scratch/stdout"
  ok "$kind: with its bars" grep -q 'class="busy" style' "$scratch/stdout"
  ok "$kind: no file has that name" [ ! -e ./- ]

  # A name that is markup, and one that steers a terminal.
  evil="<script>alert(1)</script>\"&$(printf '\033')[31m"
  sql "update @partition set key = '$evil' where no = 3"
  sql "update @run set error = '$evil' where run_id = 1"
  expect 0 . "$PARTITA" job 1 --report "$scratch/run.html"
  ok "$kind: hostile rows are text" check_page "$scratch/run.html"
  ok "$kind: the error is there" holds '&lt;script&gt;alert'

  # Many partitions.
  expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=50000 partitions=25000 --fast
  expect 0 . "$PARTITA" job 2 --report "$scratch/run.html"
  ok "$kind: a large run is a page" check_page "$scratch/run.html"
  ok "$kind: a small one" [ "$(wc -c <"$scratch/run.html")" -lt 200000 ]
  ok "$kind: drawn by how busy nodes were" holds 'class="busy[0-4]" d="M'

  # Whole, or not there.
  expect 1 "no-such-folder.* cannot be written" "$PARTITA" job 1 \
    --report "$scratch/no-such-folder/run.html"
  mkdir "$scratch/folder"
  expect 1 "cannot be written" "$PARTITA" job 1 --report "$scratch/folder"
  ok "$kind: nothing is half-written" sh -c "! ls '$scratch' | grep -q 'folder\.\|html\.'"
  rmdir "$scratch/folder"
  expect 3 "no run 99" "$PARTITA" job 99 --report "$scratch/none.html"
  expect 2 "not of one partition" "$PARTITA" job 1 3 --report "$scratch/none.html"
  expect 2 "written once" "$PARTITA" job 1 --watch --report "$scratch/none.html"
  ok "$kind: a refusal writes nothing" [ ! -e "$scratch/none.html" ]
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
done
finish
