import Glibc
import NIOCore

/// The file of the Unix socket that clients connect to.
struct SocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The file of a socket that listens.
    ///
    /// - Parameter mode: what it gets.
    init(at path: String, mode: Int) throws {
        self.path = path
        guard chmod(path, mode_t(truncatingIfNeeded: mode)) == 0, let status = Self.status(path) else {
            throw IOError(errnoCode: errno, reason: "chmod")
        }
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes it, unless another has been put in its place.
    func remove() {
        guard let status = Self.status(path), status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }

    /// Removes a socket that nobody listens on any more.
    static func makeRoom(at path: String) throws(StartupError) {
        guard let status = status(path) else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw StartupError("cannot listen on \(path): PROXY_SOCKET is there, and is no socket")
        }
        guard !isInUse(path) else {
            throw StartupError("cannot listen on \(path): PROXY_SOCKET is in use by another program")
        }
        unlink(path)
    }

    /// Why nobody can be listened to there.
    static func cannotListen(_ path: String, _ error: any Error) -> StartupError {
        let reason = (error as? IOError).map { SystemError.text($0.errnoCode) } ?? "\(error)"
        return StartupError("cannot listen on \(path): PROXY_SOCKET: \(reason)")
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    /// Whether somebody listens; only a refusal tells that nobody does.
    private static func isInUse(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { return true }
        let outcome = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        return outcome == 0 || errno != ECONNREFUSED
    }
}
