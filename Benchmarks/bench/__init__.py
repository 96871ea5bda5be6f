"""What `make bench` and `make bench-check` run: the proxy and its peers, measured from outside."""
