import Foundation

/// The user that the program runs as where the tests run as root: one of its own, without any capability, as under a service manager or in
/// a container. Other users start the program as they are.
enum UnprivilegedUser {
    /// Nobody has it; no account is needed to run as a number.
    static let id: uid_t = 59_990

    static var isNeeded: Bool { geteuid() == 0 }

    /// The words that start the program.
    ///
    /// - Parameter launcher: what runs it; nil: what takes its rights away, where it would have some.
    static func words(_ arguments: [String], under launcher: [String]? = nil) throws -> [String] {
        guard FileManager.default.isExecutableFile(atPath: self.program) else {
            throw TestSupportError("there is no release binary at \(self.program): run `make build` first")
        }
        return (launcher ?? (self.isNeeded ? self.dropRights : [])) + [try self.started()] + arguments
    }

    /// What is started. By its real place: a sandbox may have no link that leads there.
    private static func started() throws -> String {
        let program = self.isNeeded ? try self.copy.get() : self.program
        return URL(fileURLWithPath: program).resolvingSymlinksInPath().path
    }

    /// Where the program is that the tests start.
    static func folder() throws -> String {
        URL(fileURLWithPath: try self.started()).deletingLastPathComponent().path
    }

    /// Runs what follows as that user.
    static let dropRights = [
        "setpriv", "--reuid", "\(id)", "--regid", "\(id)", "--clear-groups", "--no-new-privs", "--inh-caps=-all",
        "--bounding-set=-all",
    ]

    /// Makes that user the owner of a file, a socket or a folder; nothing where it is not there.
    static func give(_ path: String) {
        if self.isNeeded { chown(path, self.id, self.id) }
    }

    /// A copy of the program where that user can read it: root's clone may lie where nobody else may go. There for as long as the tests run.
    private static let copy = Result<String, any Error> {
        let program = UnprivilegedUser.program
        var template = Array("/tmp/redis-proxy-program-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError("cannot make a folder in /tmp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Watchdog.remove(folder)
        let path = "\(folder)/redis-proxy"
        chmod(folder, 0o755)
        // By a program of its own: a child that another test starts at this moment would inherit a file that is open for writing here, and
        // nothing can be run as long as somebody may write to it.
        let copied = try run("install", ["--mode=755", program, path])
        guard copied.ending == .exited(0) else { throw TestSupportError("cannot copy the program: \(copied.errors)") }
        return path
    }

    /// The release program.
    private static let program =
        ProcessInfo.processInfo.environment["REDIS_PROXY_BINARY"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent(".build/release/redis-proxy").path
}
