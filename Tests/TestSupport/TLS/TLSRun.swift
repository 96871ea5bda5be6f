import Foundation
import Synchronization

/// Whether this run of the tests is over TLS on both sides of the proxy, which `REDIS_PROXY_TEST_TLS` says, and what that needs.
///
/// Tests need not know: servers speak TLS beside plaintext, the proxy is led to where they do, fakes of a server speak it, and the clients of the
/// tests speak it with each port that does. A single test has it so by `overTLS`.
public enum TLSRun {
    /// Whether it is.
    public static let isOn = ProcessInfo.processInfo.environment["REDIS_PROXY_TEST_TLS"] != nil

    /// The certificates of the run.
    struct Material: Sendable {
        let certificates: TestCertificates
        /// Who everybody on this machine is.
        let identity: TestCertificates.Identity

        var authority: String { self.certificates.authority }
    }

    static let material = Result<Material, any Error> {
        let certificates = try TestCertificates()
        Watchdog.remove(certificates.path("."))
        let identity = try certificates.identity("everybody")
        // Whoever the program runs as may read it.
        chmod(identity.key, 0o644)
        return Material(certificates: certificates, identity: identity)
    }

    private struct Ports {
        /// Where TLS is spoken.
        var encrypted: Set<Int> = []
        /// Where a server speaks TLS that speaks plaintext on another port.
        var counterparts: [Int: Int] = [:]
    }

    private static let ports = Mutex(Ports())

    /// Whether the clients of the tests speak TLS with that port.
    public static func isEncrypted(_ port: Int) -> Bool { self.ports.withLock { $0.encrypted.contains(port) } }

    /// What `redis-cli` and `redis-benchmark` need to speak with that port.
    public static func redisArguments(port: Int) throws -> [String] {
        guard let authority = try self.authority(port: port) else { return ["-p", "\(port)"] }
        return ["-p", "\(port)", "--tls", "--cacert", authority]
    }

    /// The authority by which the certificate of that port is; nil where no TLS is spoken there.
    public static func authority(port: Int) throws -> String? {
        self.isEncrypted(port) ? try self.material.get().authority : nil
    }

    /// What a server is started with that is to be the replica of a proxy.
    public static var replicaArguments: [String] { self.isOn ? ["--tls-replication", "yes"] : [] }

    /// A launcher that shows the program a part of the file system only must show it this folder, where there is one.
    public static var folder: String? {
        get throws { self.isOn ? try self.material.get().certificates.path(".") : nil }
    }

    static func add(encrypted port: Int) { self.ports.withLock { _ = $0.encrypted.insert(port) } }

    static func remove(encrypted port: Int) { self.ports.withLock { _ = $0.encrypted.remove(port) } }

    static func add(_ port: Int, speaksTLSOn counterpart: Int?) {
        self.ports.withLock { $0.counterparts[port] = counterpart }
    }

    /// What the proxy is started with: both sides speak TLS where a test says nothing of its own about them, and where its server can.
    static func environment(_ given: [String: String]) throws -> [String: String] {
        let material = try self.material.get()
        var environment = given
        if !given.keys.contains(where: { $0.hasPrefix("TLS_") }) {
            environment["TLS_CERT_FILE"] = material.identity.certificate
            environment["TLS_KEY_FILE"] = material.identity.key
        }
        let port = given["REDIS_PORT"].flatMap { Int($0) } ?? 0
        let counterpart = self.ports.withLock { $0.counterparts[port] ?? ($0.encrypted.contains(port) ? port : nil) }
        if let counterpart, !given.keys.contains(where: { $0.hasPrefix("REDIS_TLS") || $0 == "REDIS_URL" }) {
            environment["REDIS_PORT"] = "\(counterpart)"
            environment["REDIS_TLS"] = "on"
            environment["REDIS_TLS_CA_FILE"] = material.authority
        }
        TLSTally.count(clients: environment["TLS_CERT_FILE"] != nil, server: environment["REDIS_TLS"] != nil)
        return environment
    }

    /// The ports on which a proxy that is started so speaks TLS because we have said so.
    static func encryptedPorts(of environment: [String: String], given: [String: String]) -> [Int] {
        guard environment["TLS_CERT_FILE"] != given["TLS_CERT_FILE"] else { return [] }
        return ["PROXY_PORT", "HTTP_PORT"].compactMap { environment[$0].flatMap { Int($0) } }
    }
}

/// How many proxies were started with TLS, which is printed when the tests are over.
private enum TLSTally {
    private static let started = Mutex((both: 0, clients: 0, server: 0, neither: 0))

    private static let report: Void = {
        atexit {
            let count = TLSTally.started.withLock { $0 }
            print(
                "over TLS: \(count.both) proxies on both sides, \(count.clients) on that of the clients only,",
                "\(count.server) on the server's only, \(count.neither) on neither")
        }
    }()

    static func count(clients: Bool, server: Bool) {
        guard TLSRun.isOn else { return }
        _ = self.report
        self.started.withLock { started in
            switch (clients, server) {
            case (true, true): started.both += 1
            case (true, false): started.clients += 1
            case (false, true): started.server += 1
            case (false, false): started.neither += 1
            }
        }
    }
}
