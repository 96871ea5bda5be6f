"""A blocking client that sends prepared bytes and reads until the whole answer has come."""

import socket


def command(*words):
    """A command as Redis clients send it."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Connection:
    """One connection on which one batch of requests is in flight at a time."""

    def __init__(self, port, patience=60, context=None):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")

    def exchange(self, request, length):
        """Sends `request` and returns the answer, which is `length` bytes long."""
        self._socket.sendall(request)
        answer = b""
        try:
            while len(answer) < length:
                answer += self._receive(length - len(answer))
        except (TimeoutError, ConnectionError) as error:
            # Most likely an error, which is shorter than the value that was expected.
            raise ConnectionError(f"no whole answer ({error}) but {answer[-200:]!r}") from error
        return answer

    def exchange_http(self, request):
        """Sends `request` and returns the response, as long as its Content-Length says."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._receive()
        return head + b"\r\n\r\n" + body

    def ask_bulk(self, *words):
        """One command with a bulk string as its reply."""
        self._socket.sendall(command(*words))
        answer = self._receive()
        while b"\r\n" not in answer:
            answer += self._receive()
        header, _, body = answer.partition(b"\r\n")
        while len(body) < int(header[1:]) + 2:
            body += self._receive()
        return body[:-2]

    def _receive(self, most=65_536):
        more = self._socket.recv(most)
        if not more:
            raise ConnectionError("closed in the middle of an answer")
        return more

    def ask(self, *words):
        """One command with a one-line reply."""
        self._socket.sendall(command(*words))
        answer = b""
        while not answer.endswith(b"\r\n"):
            answer += self._receive()
        return answer

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def load(port, count, size, key="key:{:012d}", batch=1000):
    """Sets `count` keys to values of `size` bytes."""
    value = b"x" * size
    with Connection(port) as connection:
        for start in range(0, count, batch):
            numbers = range(start, min(start + batch, count))
            request = b"".join(command("SET", key.format(number), value) for number in numbers)
            connection.exchange(request, 5 * len(numbers))


def delete(port, count, key="key:{:012d}"):
    """Deletes `count` keys."""
    with Connection(port) as connection:
        for number in range(count):
            connection.ask("DEL", key.format(number))
