#!/usr/bin/env python3
"""Asks an object store, by other means than Partita's. From the environment: AWS_ENDPOINT_URL_S3,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.

  s3_client.py make BUCKET
  s3_client.py put BUCKET/KEY FILE
  s3_client.py get BUCKET/KEY            prints it
  s3_client.py list BUCKET/BEGINNING     prints the keys that begin so
"""

import base64
import email.utils
import hmac
import http.client
import os
import re
import sys
import urllib.parse


def ask(method, path, query="", body=b""):
    """The bytes of the answer. Signed by version 2 of the signatures, which is the short one."""
    date = email.utils.formatdate(usegmt=True)
    path = "/" + urllib.parse.quote(path)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    signature = hmac.digest(secret, f"{method}\n\n\n{date}\n{path}".encode(), "sha1")
    credentials = f"AWS {os.environ['AWS_ACCESS_KEY_ID']}:{base64.b64encode(signature).decode()}"
    address = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
    link = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    link.request(method, path + query, body, {"Date": date, "Authorization": credentials})
    answer = link.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
    return text


def keys(name):
    bucket, _, beginning = name.partition("/")
    text = ask("GET", bucket, "?encoding-type=url&prefix=" + urllib.parse.quote(beginning, safe=""))
    return [urllib.parse.unquote(key) for key in re.findall("<Key>(.*?)</Key>", text.decode())]


def main():
    what, name = sys.argv[1:3]
    if what == "make":
        ask("PUT", name)
    elif what == "put":
        with open(sys.argv[3], "rb") as file:
            ask("PUT", name, body=file.read())
    elif what == "get":
        sys.stdout.buffer.write(ask("GET", name))
    elif what == "list":
        for key in keys(name):
            print(key)


if __name__ == "__main__":
    main()
