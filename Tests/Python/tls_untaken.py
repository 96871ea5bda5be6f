"""A client of TLS that has large values sent and QUIT, takes the first bytes, leaves in the way asked for, and stays.

Arguments: port, CA file, how ("ragged": the socket's side is ended without close_notify; "notify": close_notify is sent first; "idle": nothing
more is done)."""

import signal
import socket
import ssl
import sys

port, authority, way = int(sys.argv[1]), sys.argv[2], sys.argv[3]
raw = socket.socket()
raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
raw.connect(("127.0.0.1", port))
context = ssl.create_default_context(cafile=authority)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")


def talk(step):
    while True:
        try:
            result = step()
            raw.sendall(outgoing.read())
            return result
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(4096))


talk(session.do_handshake)
session.write(b"GET big\r\n" * 5 + b"QUIT\r\n")
assert talk(lambda: session.read(1)) == b"$"
if way == "notify":
    try:
        session.unwrap()
    except (ssl.SSLWantReadError, ssl.SSLError):
        pass
    raw.sendall(outgoing.read())
if way != "idle":
    raw.shutdown(socket.SHUT_WR)
print("left", flush=True)
signal.pause()
