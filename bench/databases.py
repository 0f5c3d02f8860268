"""Empty databases to measure on: a private PostgreSQL, and files of SQLite."""

import os
import shutil
import sys
import tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, root + "/tests/chaos")

from server import Server  # noqa: E402

# Every acknowledged commit is on disk. Checkpoints are rare enough not to fall into a measurement.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
            "shared_buffers": "1GB", "max_wal_size": "16GB", "min_wal_size": "1GB",
            "checkpoint_timeout": "30min", "max_connections": "1800",
            "shared_preload_libraries": "'pg_stat_statements'"}


class Databases:
    """`with` it: the server and `folder` are gone afterwards."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="partita-bench.")
        self.server = None

    def __enter__(self):
        try:
            os.chmod(self.folder, 0o755)
            os.mkdir(self.folder + "/pg")
            self.server = Server(self.folder + "/pg", segment_mb=16,
                                 settings=[f"{k} = {v}" for k, v in POSTGRES.items()])
            self.server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def version(self):
        return self.server.text("show server_version", "postgres").strip()

    def new_url(self, database):
        """An empty database; the one before it is dropped first, so that disks do not fill."""
        if database != "postgresql":
            shutil.rmtree(self.folder + "/sqlite", ignore_errors=True)
            os.mkdir(self.folder + "/sqlite")
            return f"sqlite:{self.folder}/sqlite/bench.db"
        self.server.text("drop database if exists partita with (force)", "postgres", timeout=600)
        self.server.text("create database partita", "postgres", timeout=600)
        self.server.text("create extension pg_stat_statements")
        return self.server.url(user="postgres")
