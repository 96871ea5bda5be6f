"""redis-cli as somebody uses it at a terminal. Usage: interactive.py PORT; prints what the terminal showed, without the port."""

import os
import pty
import re
import select
import subprocess
import time

import redis

import target

port = str(target.port)
LIMIT = 30


class Terminal:
    def __init__(self, *arguments: str) -> None:
        master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "HOME": "/nonexistent", "REDISCLI_HISTFILE": "/dev/null"}
        self.process = subprocess.Popen(
            [*target.words, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True)
        os.close(slave)
        self.master = master
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Waits until `text` is shown behind what was waited for before."""
        deadline = time.monotonic() + LIMIT
        while text not in self.shown:
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} not shown: {self.shown!r}")
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"{text!r} not shown before the end: {self.shown!r}")
            self.shown += data.decode()
        end = self.shown.index(text) + len(text)
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.shown[:end]).replace(port, "PORT")
        print(repr(re.sub(r'"id" => \(integer\) \d+', '"id" => ID', text)))
        self.shown = self.shown[end:]

    def type(self, line: str) -> None:
        os.write(self.master, line.encode() + b"\r")

    def ends(self) -> None:
        print("exit", self.process.wait(timeout=LIMIT))


terminal = Terminal()
for prompt, line, reply in [
    ("> ", "SET k v", "OK\r\n"),
    ("> ", "GET k", '"v"\r\n'),
    ("> ", "GET nosuch", "(nil)\r\n"),
    ("> ", "NOSUCH", "(error) ERR unknown command"),
    ("> ", "MULTI", "OK\r\n"),
    ("(TX)> ", "INCR n", "QUEUED\r\n"),
    ("(TX)> ", "EXEC", "1) (integer) 1\r\n"),
    ("> ", "SELECT 2", "OK\r\n"),
    ("[2]> ", "GET k", "(nil)\r\n"),
    ("[2]> ", "SELECT 0", "OK\r\n"),
    ("> ", "HELLO 3", '"modules" => '),
    ("> ", "GET k", '"v"\r\n'),
]:
    terminal.wait_for(prompt)
    terminal.type(line)
    terminal.wait_for(reply)
terminal.wait_for("> ")
terminal.type("quit")
terminal.ends()

subscriber = Terminal()
subscriber.wait_for("> ")
subscriber.type("SUBSCRIBE news")
subscriber.wait_for('1) "subscribe"\r\n2) "news"\r\n3) (integer) 1\r\n')
assert redis.Redis(**target.options).publish("news", "hello") == 1
subscriber.wait_for('1) "message"\r\n2) "news"\r\n3) "hello"\r\n')
os.write(subscriber.master, b"\x03")
subscriber.process.terminate()
subscriber.process.wait(timeout=LIMIT)
