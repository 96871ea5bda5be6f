import Glibc

/// The process' limit on open descriptors, and how many clients it lets us have.
struct DescriptorLimit: Equatable {
    /// What holds now.
    var soft: UInt64
    /// What the soft limit may be raised to.
    var hard: UInt64

    /// A client's own socket and the connection to the backing that its relayed commands may need. Not all have one at
    /// once, so that the reserve comes out of what these leave unused.
    static let perConnection: UInt64 = 2

    /// Descriptors for everything but clients: listeners, each loop's selector and its connections to the backing,
    /// admin clients, the clients that are being told that there are too many, the log.
    static func reserve(threads: Int) -> UInt64 {
        24 + 4 * UInt64(clamping: threads)
    }

    /// What the limit made of `MAX_CONNECTIONS`.
    struct Outcome: Equatable {
        /// As wanted, or fewer where the limit could not be raised far enough.
        var maxConnections: Int
        /// The soft limit that holds from now on.
        var limit: UInt64
    }

    /// Raises the soft limit to fit `maxConnections`, the hard one too where the process may; otherwise lowers
    /// `maxConnections` to what fits, as Redis does with `maxclients`.
    ///
    /// - Parameter set: Sets both limits; false where that is not permitted.
    /// - Throws: ``StartupError`` where not one client would fit.
    func fit(
        maxConnections: Int, threads: Int, set: (DescriptorLimit) -> Bool = DescriptorLimit.set
    ) throws(StartupError) -> Outcome {
        let reserve = Self.reserve(threads: threads)
        let clients = UInt64(clamping: maxConnections)
        let needed = max(clients * Self.perConnection, clients + reserve)
        if soft >= needed { return Outcome(maxConnections: maxConnections, limit: soft) }
        if set(DescriptorLimit(soft: needed, hard: max(hard, needed))) {
            return Outcome(maxConnections: maxConnections, limit: needed)
        }
        let limit = soft < hard && set(DescriptorLimit(soft: hard, hard: hard)) ? hard : soft
        let fitting = limit > reserve ? min(limit / Self.perConnection, limit - reserve) : 0
        guard fitting > 0 else {
            throw StartupError(
                "the limit of \(limit) open descriptors leaves no room for clients, at least"
                    + " \(reserve + 1) are needed (ulimit -n, LimitNOFILE)")
        }
        return Outcome(maxConnections: min(maxConnections, Int(clamping: fitting)), limit: limit)
    }
}

extension DescriptorLimit {
    /// The process' own.
    static func current() throws(StartupError) -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw StartupError("the limit of open descriptors cannot be read: \(SystemError.text(errno))")
        }
        return DescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }

    private static func set(_ wanted: DescriptorLimit) -> Bool {
        var limit = rlimit(rlim_cur: rlim_t(wanted.soft), rlim_max: rlim_t(wanted.hard))
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }
}
