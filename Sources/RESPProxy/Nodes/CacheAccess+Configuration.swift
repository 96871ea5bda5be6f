extension CacheAccess {
    /// By the options.
    init(_ configuration: ProxyConfiguration) {
        let backing = configuration.backing
        self.init(
            database: backing.database,
            fillUser: backing.password == nil ? nil : Array((backing.username ?? "default").utf8),
            trustsClients: configuration.trustsClients, newIsDefaultUser: backing.tls?.showsCertificate != true)
    }
}
