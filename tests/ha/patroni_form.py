"""Three servers under Patroni and etcd, which fail over by themselves."""

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request

from play import Skipped
from server import DatabaseDown, Server, bin_folder, free_port, without_postgres
from trio import NAMES, AsOne, TooLate, kill_server, until

# Patroni allows no shorter ones: a dead machine is noticed after ttl.
BOOTSTRAP = {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "synchronous_mode": True,
             "postgresql": {"use_pg_rewind": True, "parameters": {
                 "wal_log_hints": "on", "wal_keep_size": "256MB", "max_connections": 200}}}
PARAMETERS = {"fsync": "off", "shared_buffers": "64MB", "max_wal_size": "128MB",
              "wal_retrieve_retry_interval": "100ms", "tcp_user_timeout": 3000}
RULES = ["local all all trust", "host all all 127.0.0.1/32 trust",
         "host replication all 127.0.0.1/32 trust"]


def require_patroni():
    lacking = [name for name in ("patroni", "etcd") if shutil.which(name) is None]
    if lacking:
        raise Skipped(f"{' and '.join(lacking)} not installed (Debian: patroni, etcd-server)")


class Member(Server):
    """One server and the Patroni that starts it. Asked as any server."""

    def __init__(self, folder, name, etcd):
        self.name, self.folder, self.data = name, folder, folder + "/data"
        self.bin, self.port, self.rest = bin_folder(), free_port(), free_port()
        self.env = {**without_postgres(os.environ), "LC_ALL": "C.UTF-8"}
        self.account = "postgres" if os.geteuid() == 0 else None
        self.process = None
        if self.account:
            shutil.chown(folder, self.account, self.account)
        secret = {"password": "secret"}
        conf = {"scope": "ha", "name": name,
                "restapi": {"listen": f"127.0.0.1:{self.rest}",
                            "connect_address": f"127.0.0.1:{self.rest}"},
                "etcd3": {"host": f"127.0.0.1:{etcd}"},
                "bootstrap": {"dcs": BOOTSTRAP,
                              "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"},
                                         {"wal-segsize": "1"}]},
                "postgresql": {
                    "listen": f"127.0.0.1:{self.port}",
                    "connect_address": f"127.0.0.1:{self.port}",
                    "data_dir": self.data, "bin_dir": self.bin, "pgpass": folder + "/pgpass",
                    "authentication": {"superuser": {"username": "postgres", **secret},
                                       "replication": {"username": "replicator", **secret},
                                       "rewind": {"username": "postgres", **secret}},
                    "parameters": {**PARAMETERS, "unix_socket_directories": folder},
                    "pg_hba": RULES}}
        with open(folder + "/patroni.yml", "w") as f:
            json.dump(conf, f)  # which is YAML, too

    def start(self):
        who = {"user": self.account, "group": self.account, "extra_groups": []} \
            if self.account else {}
        with open(self.folder + "/patroni.log", "ab") as log:
            self.process = subprocess.Popen(["patroni", self.folder + "/patroni.yml"], cwd="/",
                                            env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **who)

    def machine_dies(self):
        """kill -9 of Patroni, then of its server."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError, ValueError):
            kill_server(self)

    def ask(self, path, document=None, seconds=60):
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.rest}{path}", data=body)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError) as e:
            raise DatabaseDown(f"{self.name}: {e}") from e


class PatroniTrio(AsOne):
    """As Trio, but nobody here promotes a server."""

    def __init__(self, folder, _synchronous=True):
        self.etcd, self.servers, self.primary = None, [], None
        self.strikes = {"kill": PatroniTrio.kill, "switchover": PatroniTrio.switch}
        try:
            self.build(folder)
        except BaseException:
            self.close()
            raise

    def build(self, folder):
        clients, peers = free_port(), free_port()
        mine = f"http://127.0.0.1:{clients}"
        between = f"http://127.0.0.1:{peers}"
        with open(folder + "/etcd.log", "ab") as log:
            self.etcd = subprocess.Popen(
                ["etcd", "--data-dir", folder + "/etcd", "--listen-client-urls", mine,
                 "--advertise-client-urls", mine, "--listen-peer-urls", between,
                 "--initial-advertise-peer-urls", between, "--initial-cluster",
                 f"default={between}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        for name in NAMES:
            os.mkdir(f"{folder}/{name}")
            member = Member(f"{folder}/{name}", name, clients)
            self.servers.append(member)
            member.start()
        until("one member is the leader", self.leader, 90)
        self.wait_for_standbys()
        self.primary.create_database()

    # --- what is done to them

    def leader(self, but=None):
        for member in self.servers:
            if member is not but:
                with contextlib.suppress(DatabaseDown, RuntimeError):
                    if member.one("select pg_is_in_recovery()", database="postgres",
                                  timeout=5) == "f":
                        self.primary = member
                        return member
        return None

    def wait_for_standbys(self):
        """Both stream, and Patroni has noted one as synchronous: else it would promote nobody."""
        def ready():
            members = json.loads(self.primary.ask("/cluster"))["members"]
            roles = sorted(m["role"] for m in members if m["state"] in ("running", "streaming"))
            return roles == ["leader", "replica", "sync_standby"] and self.primary.one(
                "select 1 from pg_stat_replication where state = 'streaming' having count(*) = 2",
                database="postgres")

        until("both standbys stream and one is synchronous", ready, 120, pause=0.2)

    def kill(self):
        old = self.primary
        killed = time.monotonic()
        old.machine_dies()
        until("Patroni promotes another member", lambda: self.leader(but=old), 90, pause=0.02)
        writable = time.monotonic()

        def back():
            old.start()
            self.wait_for_standbys()
            return f"{old.name} is back by Patroni"

        return writable, writable - killed, back

    def switch(self):
        old = self.primary
        asked = time.monotonic()
        refusals = []

        def ask():
            try:
                old.ask("/switchover", {"leader": old.name})
            except DatabaseDown as why:
                refusals.append(str(why))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        until("Patroni promotes another member", lambda: self.leader(but=old), 60, pause=0.02)
        writable = time.monotonic()

        def back():
            asking.join(90)
            if refusals or asking.is_alive():
                raise RuntimeError(f"the switchover was not answered: {refusals}")
            self.wait_for_standbys()
            return f"{old.name} is back by Patroni"

        return writable, writable - asked, back

    def close(self):
        for member in self.servers:
            with contextlib.suppress(TooLate):
                member.machine_dies()
        if self.etcd:
            self.etcd.kill()
            self.etcd.wait()
