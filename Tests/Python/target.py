"""Where a script's server is: its port is the first argument; where TLS is spoken there, TARGET_CA_FILE names the authority."""

import os
import sys

port = int(sys.argv[1])
authority = os.environ.get("TARGET_CA_FILE")

# What redis-py's clients are made with, and what redis-cli is started with.
options = {"host": "127.0.0.1", "port": port}
words = ["redis-cli", "-p", str(port)]
if authority:
    options.update(ssl=True, ssl_ca_certs=authority)
    words += ["--tls", "--cacert", authority]
