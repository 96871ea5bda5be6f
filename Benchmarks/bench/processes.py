"""Servers on free loopback ports, started and stopped by the benchmark, and what they cost."""

import os
import socket
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """Something that a measurement needs is not there or does not answer."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Server:
    """A process of the benchmark's own; a context manager, gone when the block ends."""

    def __init__(self, name, command, port, environment=None, patience=30):
        self.name = name
        self.port = port
        self._log = tempfile.TemporaryFile()
        started = time.monotonic()
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env={"PATH": os.environ["PATH"], **(environment or {})},
        )
        try:
            self._await_port(started + patience)
        except BaseException:
            self.stop()
            raise

    def _await_port(self, deadline):
        while not accepts(self.port):
            if self._process.poll() is not None:
                raise BenchError(f"{self.name} ended at once:\n{self.log()}")
            if time.monotonic() > deadline:
                raise BenchError(f"{self.name} does not accept on port {self.port}:\n{self.log()}")
            time.sleep(0.005)

    @property
    def pid(self):
        return self._process.pid

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _processes(self):
        """The process and its children: a web server's workers do its work."""
        pids = [self.pid]
        for pid in pids:
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as children:
                    pids += [int(child) for child in children.read().split()]
            except OSError:
                continue
        return pids

    def cpu_seconds(self):
        """User and system time so far, by the scheduler's own account in nanoseconds where there is one."""
        return sum(_cpu_seconds(pid) for pid in self._processes())

    def user_seconds(self):
        """User time so far, to the tick."""
        return sum(_user_seconds(pid) for pid in self._processes())

    def resident_bytes(self):
        return sum(_status_kibibytes(pid, "VmRSS:") for pid in self._processes()) * 1024

    def stop(self, patience=20):
        """Asks it to end and waits until it has."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._log.close()


def _cpu_seconds(pid):
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as account:
                total += int(account.read().split()[0])
        return total / 1e9
    except OSError:
        pass
    try:
        with open(f"/proc/{pid}/stat") as account:
            fields = account.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except OSError:
        return 0


def _user_seconds(pid):
    try:
        with open(f"/proc/{pid}/stat") as account:
            return int(account.read().rpartition(")")[2].split()[11]) / TICKS
    except OSError:
        return 0


def _status_kibibytes(pid, name):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) for line in status if line.startswith(name)), 0)
    except OSError:
        return 0


def redis_server(name="Redis", *options):
    """A throwaway Redis, nothing saved."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
               "--maxclients", 15_000, "--dir", tempfile.gettempdir(), *options]
    return Server(name, command, port)


def proxy(binary, backing_port, wrapper=(), name="redis-proxy", patience=30, **options):
    """The program under test, configured by its environment: `cache_capacity=10` is CACHE_CAPACITY."""
    port = free_port()
    environment = {
        "PROXY_HOST": "127.0.0.1", "PROXY_PORT": str(port), "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(backing_port),
        **{option.upper(): str(value) for option, value in options.items()},
    }
    server = Server(name, [*wrapper, binary], port, environment, patience)
    server.program = binary
    return server
