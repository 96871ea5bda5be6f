import Glibc
import Logging
import NIOPosix
import TransportSecurity
import UnixSignals

/// Has the files of TLS read again, once in a while and when SIGHUP asks for it.
struct TLSReload: Sendable {
    /// By whom the certificates are seen.
    enum Side: String, Sendable, CaseIterable { case clients, admin, backing }

    let sources: [(side: Side, source: TLSContextSource)]
    /// Those of the users whom clients' certificates name.
    let passwords: ClientPasswords?
    let interval: Duration
    let logger: Logger

    /// Says which certificates have ended; at start that is no reason not to serve those who do not check it.
    func warnOfExpired(now: Int) {
        for (side, source) in sources where source.expiry.map({ $0 < now }) == true {
            logger.warning("the certificate has expired", metadata: ["side": "\(side.rawValue)"])
        }
    }

    /// Runs until cancelled.
    func run() async throws {
        guard !sources.isEmpty else { return }
        let (occasions, occur) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in hangUps { occur.yield() } }
            tasks.addTask {
                while true {
                    try await Task.sleep(for: interval)
                    occur.yield()
                }
            }
            var lastRefusals: [Files: TLSMaterialError] = [:]
            for await _ in occasions {
                // Files are read and certificates parsed, so it is done where nothing waits for it.
                for (side, source) in sources {
                    let outcome = try await NIOThreadPool.singleton.runIfActive { source.reload(now: time(nil)) }
                    say(outcome, .certificates(side), &lastRefusals)
                }
                if let passwords {
                    let outcome = try await NIOThreadPool.singleton.runIfActive { passwords.reload() }
                    say(outcome, .passwords, &lastRefusals)
                }
            }
            tasks.cancelAll()
        }
    }

    private enum Files: Hashable {
        case certificates(Side)
        case passwords
    }

    /// - Parameter lastRefusals: so that what cannot be read is complained of once.
    private func say(
        _ outcome: FileReload, _ files: Files, _ lastRefusals: inout [Files: TLSMaterialError]
    ) {
        switch outcome {
        case .unchanged: lastRefusals[files] = nil
        case .changed:
            lastRefusals[files] = nil
            switch files {
            case .certificates(let side):
                logger.info(
                    "certificates have changed, and new connections use them", metadata: ["side": "\(side.rawValue)"])
            case .passwords:
                logger.info("the passwords of certificates' users have changed, and log-ins from now on use them")
            }
        case .refused(let error):
            // Two sides may have the same file.
            let isSaid = lastRefusals.values.contains(error)
            lastRefusals[files] = error
            guard !isSaid else { return }
            logger.warning("\(error); what was read before stays in use")
        }
    }
}
