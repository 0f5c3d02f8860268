"""A private PostgreSQL: its own folder, port and socket, gone afterwards."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bin_folder():
    found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
    if found.returncode == 0 and os.path.exists(found.stdout.strip() + "/initdb"):
        return found.stdout.strip()
    versions = sorted(os.listdir("/usr/lib/postgresql"), key=int)
    return f"/usr/lib/postgresql/{versions[-1]}/bin"


class DatabaseDown(Exception):
    """The server does not answer: expected while it is a target."""


def without_postgres(environment):
    """Without the variables by which libpq and psql find a database on their own."""
    return {k: v for k, v in environment.items() if not k.startswith("PG")}


class Server:
    def __init__(self, folder, wal_folder=None, env=None, listen="127.0.0.1", settings=(),
                 segment_mb=1, source=None):
        """`folder` must exist; `wal_folder` puts the WAL on a disk of its own; `settings` win.
        `source` is a running server of which this one becomes a copy."""
        self.bin = bin_folder()
        self.folder = folder
        self.data = folder + "/data"
        self.port = free_port()
        self.listen = listen
        self.env = {**without_postgres(os.environ), "LC_ALL": "C.UTF-8", **(env or {})}
        self.account = None
        if os.geteuid() == 0:
            self.account = pwd.getpwnam("postgres").pw_name
            for path in filter(None, (folder, wal_folder)):
                shutil.chown(path, self.account, self.account)
        # Processes die here, the machine does not: what they have written is there, fsync or not.
        self.settings = ["fsync = off", f"port = {self.port}", f"listen_addresses = '{listen}'",
                         f"unix_socket_directories = '{folder}'", "max_connections = 200",
                         "shared_buffers = 64MB", "min_wal_size = 2MB", "max_wal_size = 64MB",
                         "log_min_messages = warning", "log_min_error_statement = panic",
                         "tcp_user_timeout = 3000", *settings]
        if source:
            self.copy(source)
            return
        wal = ["--waldir", wal_folder + "/wal"] if wal_folder else []
        self._run([self.bin + "/initdb", "-D", self.data, "-U", "postgres", "--auth=trust",
                   "--encoding=UTF8", "--locale=C.UTF-8", f"--wal-segsize={segment_mb}", *wal])
        self.configure()
        with open(self.data + "/pg_hba.conf", "a") as hba:
            hba.write("host all all 0.0.0.0/0 trust\n")

    def configure(self, *more):
        """Writes the settings, what was added last wins. A server that runs must reload them."""
        self.settings += more
        with open(self.data + "/postgresql.conf", "a") as conf:
            conf.write("\n".join(self.settings) + "\n")

    def copy(self, source):
        """Takes the place of whatever is there. REQUIRES: it does not run, and `source` does."""
        shutil.rmtree(self.data, ignore_errors=True)
        os.rename(source.backup(self.data + ".new"), self.data)
        self.configure()

    def backup(self, folder=None):
        """A copy of the data of this server, which runs: its folder."""
        folder = folder or self.data + ".copy"
        self._run([self.bin + "/pg_basebackup", "-D", folder, "-h", self.folder, "-p",
                   str(self.port), "-U", "postgres", "-X", "stream", "-c", "fast", "--no-sync"])
        return folder

    def _run(self, command, check=True, env=None):
        who = {"user": self.account, "group": self.account, "extra_groups": []} \
            if self.account else {}
        done = subprocess.run(command, env=env or self.env, cwd="/", stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, **who)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
        return done

    def start(self):
        self._run([self.bin + "/pg_ctl", "-D", self.data, "-l", self.folder + "/log", "-w", "-t",
                   "60", "start"])

    def create_database(self):
        self.text("create role partita login", database="postgres")
        self.text("create database partita owner partita", database="postgres")

    def stop(self, mode="fast"):
        self._run([self.bin + "/pg_ctl", "-D", self.data, "-m", mode, "-w", "stop"], check=False)

    def running(self):
        return self._run([self.bin + "/pg_ctl", "-D", self.data, "status"], False).returncode == 0

    def revive(self, seconds=60):
        """Whatever was done to it: it runs and takes writes when this returns."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running():
                try:
                    self.start()
                except RuntimeError:
                    time.sleep(0.3)
                    continue
            try:
                if self.one("select pg_is_in_recovery()") == "f":
                    return
            except DatabaseDown:
                time.sleep(0.2)
        raise RuntimeError("the database does not come back; see " + self.folder + "/log")

    def postmaster(self):
        with open(self.data + "/postmaster.pid") as f:
            return int(f.readline())

    def kill_backend(self):
        """SIGKILL to one backend: the postmaster ends all others and recovers."""
        pid = self.one("select pid from pg_stat_activity where application_name like 'partita%'"
                       " limit 1")
        if pid:
            os.kill(int(pid), signal.SIGKILL)

    def url(self, host="127.0.0.1", port=None, user="partita"):
        return f"postgresql://{user}@{host}:{port or self.port}/partita"

    def psql_command(self, user="postgres", database="partita"):
        return ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p",
                str(self.port), "-U", user, "-d", database]

    def text(self, sql, database="partita", timeout=30):
        env = {k: v for k, v in self.env.items() if not k.startswith(("LD_", "FAKETIME"))}
        env["PGCONNECT_TIMEOUT"] = "5"
        try:
            done = subprocess.run(self.psql_command(database=database) + ["-c", sql], env=env,
                                  capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            raise DatabaseDown("no answer in time") from late
        if done.returncode == 0:
            return done.stdout
        if done.returncode == 2 or any(word in done.stderr for word in
                                       ("terminating connection", "server closed", "No space",
                                        "recovery mode", "shutting down", "starting up",
                                        "another server process exited", "PANIC")):
            raise DatabaseDown(done.stderr.strip())
        raise RuntimeError(f"{sql}: {done.stderr}")

    def one(self, sql, **options):
        return self.text(sql, **options).strip()

    def rows(self, sql, **options):
        """Rows as dictionaries."""
        answer = self.one(f"select coalesce(json_agg(q), '[]') from ({sql}) q", **options)
        return json.loads(answer)
