"""The other programs of the comparison, each in front of the same Redis."""

import json
import pathlib

from .processes import Server, free_port


def twemproxy(folder, backing_port, file="twemproxy"):
    port = free_port()
    configuration = pathlib.Path(folder) / f"{file}.yml"
    configuration.write_text(
        f"bench:\n  listen: 127.0.0.1:{port}\n  redis: true\n  servers:\n   - 127.0.0.1:{backing_port}:1\n")
    command = ["nutcracker", "-c", configuration, "-s", free_port(), "-a", "127.0.0.1", "-m", 16_384]
    return Server("twemproxy", command, port)


def haproxy(folder, backing_port, certificate):
    """Ends TLS; one thread, as all the others."""
    port = free_port()
    configuration = pathlib.Path(folder) / "haproxy.cfg"
    configuration.write_text(f"""
global
    nbthread 1
    maxconn 2000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen bench
    bind 127.0.0.1:{port} ssl crt {certificate}
    server redis 127.0.0.1:{backing_port}
""")
    return Server("HAProxy", ["haproxy", "-db", "-f", configuration], port)


def nginx(folder, body):
    port = free_port()
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(f"""
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{body}'; }} }}
}}
""")
    return Server("nginx", ["nginx", "-p", folder, "-c", configuration], port)


def webdis(folder, backing_port):
    port = free_port()
    configuration = pathlib.Path(folder) / "webdis.json"
    configuration.write_text(json.dumps({
        "redis_host": "127.0.0.1", "redis_port": backing_port, "http_host": "127.0.0.1", "http_port": port,
        "threads": 1, "pool_size": 20, "daemonize": False, "websockets": False, "database": 0, "verbosity": 0,
        "logfile": "/dev/null", "acl": [{"disabled": ["DEBUG"]}]}))
    return Server("webdis", ["webdis", configuration], port)


def envoy(program, folder, backing_port, file="envoy"):
    port = free_port()
    proxy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
        "stat_prefix": "bench", "settings": {"op_timeout": "10s"},
        "prefix_routes": {"catch_all_route": {"cluster": "backing"}}}
    configuration = pathlib.Path(folder) / f"{file}.json"
    configuration.write_text(json.dumps({"static_resources": {
        "listeners": [{"name": "bench", "address": _address(port), "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.redis_proxy", "typed_config": proxy}]}]}],
        "clusters": [{"name": "backing", "type": "STATIC", "connect_timeout": "1s", "load_assignment": {
            "cluster_name": "backing",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(backing_port)}}]}]}}]}}))
    command = [program, "-c", configuration, "--concurrency", 1, "--log-level", "error", "--disable-hot-restart"]
    return Server("Envoy", command, port)


def seed(python, backing_port):
    """Flask's own server, as the design in Benchmarks/seed.py was served."""
    port = free_port()
    program = pathlib.Path(__file__).parents[1] / "seed.py"
    return Server("the seed's design", [python, "-B", program], port, {
        "PROXY_PORT": str(port), "REDIS_PORT": str(backing_port), "MAX_CLIENTS": "1000"})


def relay(program, backing_port, microseconds):
    """Passes everything on so much later, each way."""
    port = free_port()
    return Server("direct", [program, port, backing_port, microseconds], port)


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
