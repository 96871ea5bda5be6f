redis-cli --no-raw -p 28000 SET greeting hello; redis-cli --no-raw -p 28000 GET greeting; redis-cli --no-raw -p 28000 GET greeting
