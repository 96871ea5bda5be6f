/// What a client that is turned away is told.
extension LoopMetrics.Refusal {
    /// What a RESP client reads: Redis' words, the option named where ours differs.
    var text: String {
        switch self {
        case .maxConnections: "ERR max number of clients reached"
        case .plaintext: "ERR redis-proxy: this port speaks TLS"
        case .certificateName: "ERR redis-proxy: the client's certificate names no user (TLS_CLIENT_NAME)"
        case .certificateUser: "WRONGPASS invalid username-password pair or user is disabled."
        case .proxyHeader:
            "ERR redis-proxy: no PROXY protocol header is taken from your address, see PROXY_PROTOCOL_FROM"
        case .protectedMode:
            "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
                + "default user. In this mode connections are only accepted from the loopback interface. If you want to "
                + "connect from external computers to redis-proxy you may adopt one of the following solutions: 1) Set a "
                + "password for the backing Redis and give it to the proxy as REDIS_PASSWORD. 2) Start the proxy with "
                + "PROTECTED_MODE=off (--protected-mode off), where its port cannot be reached from the Internet. "
                + "3) Let the proxy listen on a loopback address only, with PROXY_HOST=127.0.0.1."
        }
    }
}
