"""A client of TLS that ends its side in the way asked for, then reads to the end: prints what it read, and how long the end took.

Arguments: port, CA file, how ("ragged": the socket's side is ended without close_notify; "notify": close_notify is sent first; "gone": the socket
is closed at once; "unfinished": nothing but the first byte of a handshake is sent)."""

import os
import socket
import ssl
import sys
import time

port, authority, way = int(sys.argv[1]), sys.argv[2], sys.argv[3]
raw = socket.create_connection(("127.0.0.1", port))
if way == "unfinished":
    while True:
        started = time.monotonic()
        raw.sendall(b"\x16\x03\x01")
        raw.settimeout(60)
        assert raw.recv(100) == b""
        lasted = time.monotonic() - started
        if lasted > 5:
            print(f"closed after {lasted:.0f}")
            sys.exit(0)
        # There was no place for it: those that were there before are leaving.
        raw = socket.create_connection(("127.0.0.1", port))

context = ssl.create_default_context(cafile=authority)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")


def send_pending():
    raw.sendall(outgoing.read())


while True:
    try:
        session.do_handshake()
        send_pending()
        break
    except ssl.SSLWantReadError:
        send_pending()
        incoming.write(raw.recv(1 << 16))

commands = b"SET ended %s\r\nINCR counted\r\nGET ended\r\n" % way.encode()
session.write(commands)
if way == "notify":
    try:
        session.unwrap()
    except ssl.SSLWantReadError:
        pass
send_pending()
if way == "gone":
    raw.close()
    sys.exit(0)
raw.shutdown(socket.SHUT_WR)
started = time.monotonic()
received = b""
ended = False
while not ended:
    data = raw.recv(1 << 16)
    if not data:
        break
    incoming.write(data)
    while True:
        try:
            part = session.read(1 << 16)
            if not part:
                ended = True
                break
            received += part
        except ssl.SSLWantReadError:
            break
        except ssl.SSLZeroReturnError:
            ended = True
            break
sys.stdout.write(received.decode())
assert ended, "the proxy ends with close_notify"
while raw.recv(1 << 16):
    pass
assert time.monotonic() - started < 10
