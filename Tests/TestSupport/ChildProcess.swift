import Foundation
import Synchronization

/// A process that a test started. Its input, output and errors are files, so that no pipe can fill up and block it.
///
/// It is killed when this object goes away and, by ``Watchdog``, when the process of the tests dies.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        /// It exited with this code.
        case exited(Int32)
        /// This signal ended it.
        case signalled(Int32)
    }

    /// The process' id.
    public let pid: pid_t
    private let folder: TemporaryFolder
    private let ending = Mutex<Ending?>(nil)

    /// Starts a program with exactly the environment given.
    ///
    /// - Parameters:
    ///   - program: the path, or a name that is looked up in `PATH`.
    ///   - input: what it reads on its standard input.
    ///   - descriptorLimit: its soft and hard limit of open descriptors; `nil` leaves what we have.
    ///   - errorsPath: where its standard error goes, a pipe that has a name, say; ``errors`` is empty then.
    public init(
        _ program: String, _ arguments: [String] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        input: [UInt8] = [], descriptorLimit: Int? = nil, errorsPath: String? = nil
    ) throws {
        ignoreBrokenPipes()
        self.folder = try TemporaryFolder()
        let inputPath = self.folder.path("stdin")
        guard FileManager.default.createFile(atPath: inputPath, contents: Data(input)) else {
            throw TestSupportError("cannot write \(inputPath)")
        }
        var words = [program] + arguments
        if let descriptorLimit {
            words = ["sh", "-c", "ulimit -n \(descriptorLimit) && exec \"$0\" \"$@\""] + words
        }
        self.pid = try spawn(words, environment: environment) { [folder] actions in
            posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, folder.path("stdout"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let errors = errorsPath ?? folder.path("stderr")
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        Watchdog.watch(self.pid)
    }

    deinit {
        if self.endingSoFar() == nil {
            kill(self.pid, SIGKILL)
            var status: Int32 = 0
            waitpid(self.pid, &status, 0)
            Watchdog.forget(self.pid)
        }
    }

    /// What it wrote to its standard output so far.
    public var output: [UInt8] { self.folder.contents("stdout") }

    /// What it wrote to its standard error so far.
    public var errors: String { String(decoding: self.folder.contents("stderr"), as: UTF8.self) }

    /// Whether it has not ended yet.
    public var isRunning: Bool { self.endingSoFar() == nil }

    /// Sends a signal, unless it has ended.
    public func signal(_ number: Int32) {
        if self.endingSoFar() == nil { kill(self.pid, number) }
    }

    /// Stops it in its tracks, and returns when it has stopped.
    public func freeze() throws {
        self.signal(SIGSTOP)
        try eventually("process \(self.pid) has stopped") {
            var information = siginfo_t()
            guard waitid(P_PID, id_t(self.pid), &information, WSTOPPED | WNOWAIT | WNOHANG) == 0 else {
                throw TestSupportError("process \(self.pid) has ended")
            }
            return information.si_signo == SIGCHLD
        }
    }

    /// Waits for its end.
    public func wait(within limit: Duration = .seconds(20)) throws -> Ending {
        let deadline = ContinuousClock.now + limit
        while true {
            if let ending = self.endingSoFar() { return ending }
            if ContinuousClock.now >= deadline {
                throw TestSupportError("process \(self.pid) still runs after \(limit)")
            }
            pause(.milliseconds(3))
        }
    }

    private func endingSoFar() -> Ending? {
        self.ending.withLock { ending in
            if ending != nil { return ending }
            var status: Int32 = 0
            guard waitpid(self.pid, &status, WNOHANG) == self.pid else { return nil }
            Watchdog.forget(self.pid)
            ending = status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
            return ending
        }
    }
}

/// Starts a process; `prepare` lays out its descriptors 0 to 2, all others are closed in it.
func spawn(
    _ words: [String], environment: [String: String], group: Bool = false,
    _ prepare: (inout posix_spawn_file_actions_t) -> Void
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    prepare(&actions)
    for descriptor in 3...highestDescriptor() { posix_spawn_file_actions_addclose(&actions, descriptor) }

    // The runtime of the tests may block or ignore signals; a child must start with none of that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (group ? POSIX_SPAWN_SETPGROUP : 0)
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, &variables)
    guard code == 0 else { throw TestSupportError("cannot start \(words[0]): \(String(cString: strerror(code)))") }
    return pid
}

/// A little above the highest open descriptor, since other threads open more meanwhile.
private func highestDescriptor() -> Int32 {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return (names.compactMap { Int32($0) }.max() ?? 3) + 64
}

/// hiredis writes without `MSG_NOSIGNAL`, and a peer that closes must not end the tests.
func ignoreBrokenPipes() {
    Foundation.signal(SIGPIPE, SIG_IGN)
}
