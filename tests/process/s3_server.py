#!/usr/bin/python3
"""A real S3 server for tests: OpenStack Swift and its s3api. Needs Debian's python3-swift, no more.

  s3_server.py FOLDER

Prints its address, http://127.0.0.1:PORT, as soon as it answers, and serves until it gets SIGTERM
or SIGINT, or, if its standard input is a pipe, until that is closed. The region is us-east-1,
buckets are the first part of the path. Keys and secrets:

  writer  writing   may do everything
  reader  reading   may list and read everything, and is answered 403 when it writes

They are also test:writer and test:reader, as Swift names them, but curl takes what follows the
first colon for the secret.

It begins empty: what an earlier server left in FOLDER/disk is removed. Objects are kept in memory,
so that no file system with extended attributes is needed, and the lists of them in FOLDER/disk.
FOLDER/log has a line for each request, and what went wrong.
"""

import array
import base64
import email.utils
import hmac
import http.client
import io
import logging
import os
import shutil
import signal
import stat
import sys

import eventlet
import eventlet.event
import eventlet.hubs
import eventlet.wsgi
from swift.common import utils

FOLDER = os.path.abspath(sys.argv[1])
DISK = os.path.join(FOLDER, "disk")

# Parts of a multipart upload other than the last have at least so many bytes. AWS wants 5 MiB.
SMALLEST_PART = 64 * 1024

# The computer may be busy, and a server that answered late once must not count as broken.
SETTINGS = {
    "swift_dir": FOLDER,
    "devices": DISK,
    "mount_check": "false",
    "log_level": "WARNING",
    "conn_timeout": "20",
    "node_timeout": "60",
    "recoverable_node_timeout": "60",
    "container_update_timeout": "60",
    "error_suppression_limit": "1000000000",
}

# What a request passes on its way to the proxy server, and the settings of each.
FILTERS = {
    "catch_errors": {},
    "gatekeeper": {},
    "proxy_logging": {"access_log_level": "INFO"},
    "listing_formats": {},
    "s3api": {"location": "us-east-1", "min_segment_size": SMALLEST_PART},
    "tempauth": {"user_test_writer": "writing .admin", "user_test_reader": "reading"},
    "bulk": {},
    "copy": {},
    "slo": {},
}


def write(name, *lines):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as f:
        f.writelines(line + "\n" for line in lines)
    return path


def section(name, settings):
    return "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in settings.items())])


def log_handler(**_):
    """Swift would log to syslog, which a container does not have."""
    return logging.FileHandler(os.path.join(FOLDER, "log"))


class Forgetful:
    """Stands for memcached, which tempauth insists on: nothing that was set is ever found."""

    def get(self, *_, **__):
        return None

    set = delete = get


def main():
    utils.eventlet_monkey_patch()
    eventlet.hubs.use_hub(utils.get_hub())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    shutil.rmtree(DISK, ignore_errors=True)
    os.makedirs(os.path.join(DISK, "one"))
    write("log")
    # Without a swift.conf of ours Swift would take the one in /etc/swift. It is read when the
    # modules below are imported.
    write("swift.conf", "[swift-hash]", "swift_hash_path_suffix = test")
    utils.set_swift_dir(FOLDER)
    utils.ThreadSafeSysLogHandler = log_handler

    from swift.account.server import AccountController
    from swift.common.middleware.tempauth import TempAuth
    from swift.common.ring.ring import RingData
    from swift.common.swob import Request
    from swift.common.wsgi import SwiftHttpProtocol, get_socket, loadapp
    from swift.container.server import ContainerController
    from swift.obj import mem_diskfile, mem_server

    class Memory(mem_diskfile.InMemoryFileSystem):
        """Gives each request its own position in the bytes of an object, as a file would."""

        def get_object(self, name):
            file, metadata = super().get_object(name)
            if file is None:
                return None, None
            return io.BytesIO(file.getvalue()), dict(metadata)

    class ObjectController(mem_server.ObjectController):
        def setup(self, conf):
            self._filesystem = Memory()

    def serve(app):
        sock = get_socket({"bind_ip": "127.0.0.1", "bind_port": 0})
        eventlet.spawn(eventlet.wsgi.server, sock, app, protocol=SwiftHttpProtocol,
                       log=utils.NullLogger(), capitalize_response_headers=False)
        return sock.getsockname()[1]

    account = AccountController(dict(SETTINGS, log_name="account"))
    container = ContainerController(dict(SETTINGS, log_name="container"))
    objects = ObjectController(dict(SETTINGS, log_name="object"))
    for kind, app in (("account", account), ("container", container), ("object", objects)):
        # A ring of one device and one partition: all is kept in one place, once.
        device = {"id": 0, "region": 1, "zone": 1, "weight": 1, "device": "one",
                  "ip": "127.0.0.1", "port": serve(app)}
        ring = RingData([array.array("H", [0])], [device], 32)
        ring.save(os.path.join(FOLDER, kind + ".ring.gz"))

    # The account, and who may read in it.
    access = '{"read-only": ["reader", "test:reader"]}'
    headers = {"X-Timestamp": utils.Timestamp.now().internal,
               "X-Account-Sysmeta-Core-Access-Control": access}
    request = Request.blank("/one/0/AUTH_test", method="PUT", headers=headers)
    answer = request.get_response(account)
    if answer.status_int != 201:
        sys.exit(f"The account could not be made: {answer.status} {answer.body}")

    proxy = loadapp(write(
        "proxy.conf",
        section("DEFAULT", SETTINGS),
        section("pipeline:main", {"pipeline": " ".join([*FILTERS, "proxy-server"])}),
        section("app:proxy-server", {"use": "egg:swift#proxy"}),
        *(section("filter:" + name, {"use": "egg:swift#" + name, **settings})
          for name, settings in FILTERS.items())))

    # Names without a colon for the same users.
    auth = proxy
    while not isinstance(auth, TempAuth):
        auth = auth.app
    for name in list(auth.users):
        auth.users[name.split(":")[1]] = auth.users[name]

    def with_cache(environment, start_response):
        environment["swift.cache"] = Forgetful()
        return proxy(environment, start_response)

    port = serve(with_cache)

    # It is ready when it lists the buckets. A signature of version 2 is short.
    date = email.utils.formatdate(usegmt=True)
    signature = hmac.digest(b"writing", f"GET\n\n\n{date}\n/".encode(), "sha1")
    credentials = "AWS writer:" + base64.b64encode(signature).decode()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", "/", headers={"Date": date, "Authorization": credentials})
    answer = link.getresponse()
    if answer.status != 200:
        sys.exit(f"The buckets could not be listed: {answer.status} {answer.read()}")
    link.close()
    print(f"http://127.0.0.1:{port}", flush=True)

    mode = os.fstat(0).st_mode if sys.stdin else 0
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        eventlet.hubs.trampoline(0, read=True)
        while os.read(0, 4096):
            eventlet.hubs.trampoline(0, read=True)
        os._exit(0)
    eventlet.event.Event().wait()


main()
