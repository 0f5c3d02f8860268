"""PgBouncer in transaction mode between the cluster and its database."""

import json
import os
import shutil
import socket
import subprocess

from play import Skipped, Wrong
from server import free_port
from trio import until

PARTITIONS = 10_000


class Pooler:
    def __init__(self, play):
        # Where an ordinary user has no sbin in the path, it is installed all the same.
        self.program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if self.program is None:
            raise Skipped("pgbouncer is not installed")
        server = play.trio.primary
        self.account, self.env = server.account, play.env
        self.folder, self.port = play.folder + "/pooler", free_port()
        os.mkdir(self.folder)
        if self.account:
            shutil.chown(self.folder, self.account, self.account)
        self.server = server
        self.process = None

    def configure(self, ignored):
        """What it ignores of what clients ask for when they connect; else it refuses them."""
        with open(self.folder + "/pgbouncer.ini", "w") as f:
            f.write(f"""[databases]
partita = host=127.0.0.1 port={self.server.port} dbname=partita user=partita
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
ignore_startup_parameters = {ignored}
logfile = {self.folder}/log
""")

    def url(self):
        return f"postgresql://partita@127.0.0.1:{self.port}/partita"

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self):
        who = {"user": self.account, "group": self.account, "extra_groups": []} \
            if self.account else {}
        self.process = subprocess.Popen(
            [self.program, "-q", self.folder + "/pgbouncer.ini"], env=self.env, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who)
        until("the pooler answers", self.answers, 20)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def told_by_doctor(play, what, url):
    """The line of `doctor` about one thing."""
    process = play.start("doctor", "-o", "json", url=url)
    code, out, err = play.ended(process, 60)
    if code not in (0, 1):
        raise Wrong(f"doctor ended with {code}: {err}")
    answer = json.loads(out)
    lines = answer if isinstance(answer, list) else answer["items"]
    return next(line for line in lines if line["what"] == what)


def give_settings(play):
    """As `schema roles` says, for the role that logs in."""
    said = play.expect(0, "schema", "roles")
    lines = [line[2:].strip().replace("batch_host_7", "partita") for line in said.splitlines()
             if line.startswith("--") and "ALTER ROLE" in line]
    if len(lines) < 10:
        raise Wrong(f"`schema roles` prints no settings for a role that logs in: {said[:1000]}")
    play.trio.text("\n".join(lines), database="postgres")


def pooler(play):
    """10,000 partitions through PgBouncer in transaction mode, which is killed on the way."""
    between = Pooler(play)
    play.others.append(between)
    between.configure("extra_float_digits")
    between.start()
    said = play.expect(2, "jobs", url=between.url())
    if "ignore_startup_parameters = options" not in said:
        raise Wrong(f"nobody is told what the pooler must ignore: {said}")
    between.kill()
    between.configure("options")
    between.start()
    line = told_by_doctor(play, "session", between.url())
    if line["state"] != "UNSAFE" or "statement_timeout" not in line["found"]:
        raise Wrong(f"doctor does not tell what the pooler dropped: {line}")
    give_settings(play)
    between.kill()
    between.start()  # its sessions are new, and have the settings of the role
    line = told_by_doctor(play, "session", between.url())
    if line["state"] != "ok":
        raise Wrong(f"doctor says that settings are missing, and the role has them: {line}")
    play.add_nodes(3, between.url())
    run = play.begin(partitions=PARTITIONS, items=1, delay_ms=5, files=False)
    reports = 0
    for part in (3, 6):
        play.until(f"{part} tenths are done",
                   f"select count(*) > {PARTITIONS * part // 10} from partita.result", 120)
        between.kill()
        reports = play.results()
        between.start()
    if reports >= PARTITIONS:
        raise RuntimeError("the run was over before the pooler was killed the second time")
    play.expect(0, "wait", str(run.id), seconds=120, url=between.url())
    play.judge()
    play.no_false_alarm()
    return f"{PARTITIONS} partitions through a pooler that was killed twice"
