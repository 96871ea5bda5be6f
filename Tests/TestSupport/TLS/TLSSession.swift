import Foundation
import Synchronization

/// One side of a TLS connection, by OpenSSL, on a socket that does not block.
final class TLSSession: Sendable {
    enum Side { case client, server }

    private struct Pointer: @unchecked Sendable { let session: OpenSSL.Session }

    private let library: OpenSSL
    private let side: Side
    /// Used by one thread at a time: a session is not made for more.
    private let pointer: Mutex<Pointer>

    /// - Parameter descriptor: stays the caller's.
    init(_ side: Side, descriptor: Int32) throws {
        let library = try OpenSSL.shared.get()
        let contexts = try TLSContexts.shared.get()
        self.library = library
        self.side = side
        guard let session = library.newSession(side == .client ? contexts.client : contexts.server) else {
            throw TestSupportError("OpenSSL: \(library.lastError())")
        }
        self.pointer = Mutex(Pointer(session: session))
        guard library.setDescriptor(session, descriptor) == 1 else {
            throw TestSupportError("OpenSSL: \(library.lastError())")
        }
    }

    deinit { self.pointer.withLock { self.library.freeSession($0.session) } }

    /// `moved` once the handshake is done.
    func handshake() -> SocketAttempt {
        self.attempt { self.side == .client ? self.library.connect($0) : self.library.accept($0) }
    }

    /// All that is there, as over TCP: OpenSSL gives out one record at a time.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> SocketAttempt {
        guard let start = buffer.baseAddress else { return .moved(0) }
        var total = 0
        while total < buffer.count {
            let attempt = self.attempt { self.library.read($0, start + total, CInt(clamping: buffer.count - total)) }
            guard case .moved(let count) = attempt else { return total > 0 ? .moved(total) : attempt }
            total += count
        }
        return .moved(total)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> SocketAttempt {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return .moved(0) }
        return self.attempt { self.library.write($0, start, CInt(clamping: bytes.count)) }
    }

    /// Says `close_notify`, where there is room for it.
    func sayEnd() { _ = self.attempt { self.library.shutdown($0) } }

    private func attempt(_ body: (OpenSSL.Session) -> CInt) -> SocketAttempt {
        self.pointer.withLock { pointer in
            self.library.clearErrors()
            errno = 0
            let result = body(pointer.session)
            let code = errno
            if result > 0 { return .moved(Int(result)) }
            switch self.library.error(pointer.session, result) {
            case 2: return .blocked(Int32(POLLIN))  // SSL_ERROR_WANT_READ
            case 3: return .blocked(Int32(POLLOUT))  // SSL_ERROR_WANT_WRITE
            case 5: return .failed(code == 0 ? "the end came without close_notify" : String(cString: strerror(code)))
            case 6: return .ended  // SSL_ERROR_ZERO_RETURN: close_notify
            default:
                let text = self.library.lastError()
                return .failed(text.contains("unexpected eof") ? "the end came without close_notify" : text)
            }
        }
    }
}

/// What all connections of the tests have in common.
private struct TLSContexts: @unchecked Sendable {
    let client: OpenSSL.Context
    let server: OpenSSL.Context

    static let shared = Result<TLSContexts, any Error> {
        let library = try OpenSSL.shared.get()
        let material = try TLSRun.material.get()
        func done(_ result: CInt) throws {
            guard result == 1 else { throw TestSupportError("OpenSSL: \(library.lastError())") }
        }
        func context(_ method: OpaquePointer?) throws -> OpenSSL.Context {
            guard let context = library.newContext(method) else {
                throw TestSupportError("OpenSSL: \(library.lastError())")
            }
            // SSL_CTRL_MODE: SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.
            _ = library.controlContext(context, 33, 1 | 2, nil)
            return context
        }
        let client = try context(library.clientMethod())
        try done(library.loadAuthorities(client, material.authority, nil))
        library.setVerification(client, 1, nil)
        let server = try context(library.serverMethod())
        try done(library.useCertificate(server, material.identity.certificate))
        try done(library.useKey(server, material.identity.key, 1))
        return TLSContexts(client: client, server: server)
    }
}
