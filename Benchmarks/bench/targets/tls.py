"""Target 12: hits and handshakes over TLS, beside Redis over TLS and HAProxy that ends TLS before Redis; what an idle connection costs."""

import contextlib
import re
import ssl
import subprocess

from .. import load, peers, processes, wire
from ..bench import medians_by_name, spread
from ..results import Check, Row

IDLE = 1_000
SERVERS = ("redis-proxy", "Redis", "HAProxy")


def measure(bench):
    files = certificates(bench.folder)
    with contextlib.ExitStack() as stack:
        servers = start(bench, files, stack)
        for pipeline, count in (1, 60_000), (16, 300_000):
            yield hits(bench, servers, files, pipeline, count)
        yield handshakes(bench, servers, files, "new", "-tls1_3", "-new")
        # Behind TLS 1.3 the tickets come after the handshake, and this client does not wait for them.
        yield handshakes(bench, servers, files, "resumed", "-tls1_2", "-reuse")
    with contextlib.ExitStack() as stack:
        # Anew: what was given back after a load is not all given back to the kernel.
        yield idle(start(bench, files, stack), files)


def certificates(folder):
    """One authority, one certificate for all; HAProxy wants it in one file with its key."""
    names = {name: folder / f"tls.{name}" for name in ("ca", "ca_key", "certificate", "key", "request", "names", "both")}
    names["names"].write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        ["req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench authority", "-keyout", names["ca_key"], "-out", names["ca"]],
        ["req", *curve, "-subj", "/CN=localhost", "-keyout", names["key"], "-out", names["request"]],
        ["x509", "-req", "-in", names["request"], "-CA", names["ca"], "-CAkey", names["ca_key"], "-CAcreateserial", "-days", "2",
         "-extfile", names["names"], "-out", names["certificate"]],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    names["both"].write_text(names["certificate"].read_text() + names["key"].read_text())
    return names


def start(bench, files, stack):
    """Each by its port for TLS; all of them in front of one Redis, which speaks both."""
    encrypted = processes.free_port()
    redis = stack.enter_context(processes.redis_server(
        "Redis", "--tls-port", encrypted, "--tls-cert-file", files["certificate"], "--tls-key-file", files["key"],
        "--tls-ca-cert-file", files["ca"], "--tls-auth-clients", "no"))
    wire.load(redis.port, 1_000, 100)
    haproxy = stack.enter_context(peers.haproxy(bench.folder, redis.port, files["both"]))
    proxy = stack.enter_context(processes.proxy(
        bench.binary, encrypted, redis_tls="on", redis_tls_ca_file=files["ca"], tls_cert_file=files["certificate"],
        tls_key_file=files["key"], **bench.options))
    redis.port = encrypted
    return {server.name: server for server in (proxy, redis, haproxy)}


def hits(bench, servers, files, pipeline, count):
    def turn(name, share):
        return load.redis_benchmark(
            servers[name], "get", round(bench.requests(count) * share), pipeline, servers["Redis"], authority=files["ca"])

    rounds = bench.rounds_in_turns(SERVERS, turn, 9)
    row = Row(12, "hit over TLS" + (f", pipeline of {pipeline}" if pipeline > 1 else ""), medians_by_name(rounds))
    row.hold("cpu_microseconds", "redis-proxy", "Redis", 1.0, at_least=False)
    row.hold("per_second", "redis-proxy", "Redis")
    row.hold("per_second", "redis-proxy", "HAProxy", 1.2)
    row.note = spread(rounds, "per_second")
    return row


def handshakes(bench, servers, files, kind, *options):
    """One client, one handshake after the other: what the server does is told by its CPU time."""
    seconds = 1 if bench.quick else 2

    def turn(name, _):
        server = servers[name]
        command = ["openssl", "s_time", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(files["ca"]), "-time", str(seconds),
                   *options]
        with load.Account(server) as account:
            output = subprocess.run(command, capture_output=True, text=True).stdout
        # The last line but for the rates in user time; after `-new` there is no other, after `-reuse` neither.
        found = re.findall(r"(\d+) connections in ([\d.]+) real seconds", output)
        if not found or found[-1][0] == "0":
            raise processes.BenchError(f"openssl s_time against {name} said:\n{output}")
        count, lasted = int(found[-1][0]), float(found[-1][1])
        if kind == "resumed" and output.count("r") < count // 2:
            raise processes.BenchError(f"{name} resumed no sessions:\n{output[-200:]}")
        return {"per_second": count / lasted, **account.each(count)}

    rounds = bench.rounds_in_turns(SERVERS, turn, 9)
    row = Row(12, f"{kind} handshakes", medians_by_name(rounds))
    for other in "Redis", "HAProxy":
        row.hold("cpu_microseconds", "redis-proxy", other)
        row.hold("per_second", "redis-proxy", other, what="handshakes/s")
    row.note = spread(rounds, "per_second")
    return row


def idle(servers, files):
    """What each of many idle connections costs, each of which has been answered once."""
    row = Row(12, f"{IDLE:,} idle connections over TLS")
    context = ssl.create_default_context(cafile=str(files["ca"]))
    for name, server in servers.items():
        with contextlib.ExitStack() as stack:
            before = server.resident_bytes()
            for _ in range(IDLE):
                connection = stack.enter_context(wire.Connection(server.port, context=context))
                connection.exchange(wire.command("GET", "key:000000000007"), len(b"$100\r\n\r\n") + 100)
            after = server.resident_bytes()
        row.figures[name] = {"resident_mebibytes": after / (1 << 20)}
        row.checks.append(Check(
            f"KiB for each, {name}", (after - before) / IDLE / 1024, ours=after / (1 << 20), theirs=before / (1 << 20)))
    return row
