import Foundation
import Synchronization

/// A blocking client that sends and receives bytes as they are, over TCP or TLS, each call with a deadline.
public final class RawConnection: Sendable {
    /// How the other side ended the connection.
    public enum Closing: Equatable, Sendable {
        /// An orderly close.
        case end
        /// A reset; over TLS also an end that was not announced.
        case reset
    }

    private struct Received {
        var bytes: [UInt8] = []
        var start = 0
        var closing: Closing?
    }

    private let descriptor: Int32
    private let tls: TLSSession?
    private let isOpen = Mutex(true)
    private let received = Mutex(Received())
    /// How long one call may take.
    public let limit: Duration

    /// Connects to a port, by TLS where ``TLSRun`` knows that it is spoken there.
    ///
    /// - Parameters:
    ///   - address: an IPv4 address of this machine.
    ///   - receiveBuffer: the size of the socket's receive buffer, for slow readers; `nil` = the system's.
    public init(
        address host: String = "127.0.0.1", port: Int, limit: Duration = .seconds(15), receiveBuffer: Int32? = nil
    ) throws {
        self.limit = limit
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw TestSupportError("no socket: \(String(cString: strerror(errno)))") }
        self.tls = TLSRun.isEncrypted(port) ? try TLSSession(.client, descriptor: self.descriptor) : nil
        if let receiveBuffer { self.set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        self.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        var address = loopbackAddress(port: port)
        inet_pton(AF_INET, host, &address.sin_addr)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(self.descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let reason = String(cString: strerror(errno))
            self.close()
            throw TestSupportError("cannot connect to port \(port): \(reason)")
        }
        try self.shakeHands()
    }

    /// Takes over an accepted socket.
    init(accepted descriptor: Int32, limit: Duration, isEncrypted: Bool) throws {
        self.descriptor = descriptor
        self.limit = limit
        self.tls = isEncrypted ? try TLSSession(.server, descriptor: descriptor) : nil
        self.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        try self.shakeHands()
    }

    deinit { self.close() }

    // MARK: Sending

    /// Sends all bytes, or throws at the deadline or when the other side has gone.
    public func send(_ bytes: [UInt8]) throws {
        let deadline = ContinuousClock.now + self.limit
        var sent = 0
        while sent < bytes.count {
            switch bytes.withUnsafeBytes({ self.attemptToSend(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
            case .moved(let count): sent += count
            case .blocked(let events):
                guard self.wait(for: events, until: deadline) else {
                    throw TestSupportError("sent only \(sent) of \(bytes.count) bytes within \(self.limit)")
                }
            case .ended: throw TestSupportError("cannot send: the other side has ended")
            case .failed(let reason): throw TestSupportError("cannot send: \(reason)")
            }
        }
    }

    /// Sends a text.
    public func send(_ text: String) throws { try self.send(Array(text.utf8)) }

    /// Sends a command as an array of bulk strings.
    public func sendCommand(_ arguments: String...) throws { try self.sendCommand(arguments) }

    /// Sends a command as an array of bulk strings.
    public func sendCommand(_ words: [String]) throws {
        try self.send(encodeCommand(words.map { Array($0.utf8) }))
    }

    /// Sends the bytes in pieces of random sizes, each in a write of its own.
    public func send(_ bytes: [UInt8], inPiecesFrom generator: inout SeededGenerator, upTo largest: Int) throws {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...largest, using: &generator))
            try self.send(Array(bytes[start..<end]))
            start = end
        }
    }

    // MARK: Receiving

    /// Exactly `count` bytes.
    public func receive(count: Int) throws -> [UInt8] {
        try self.received.withLock { received in
            try self.fill(&received, "\(count) bytes") { $0.bytes.count - $0.start >= count }
            return Self.take(&received, count)
        }
    }

    /// Everything up to and including the first occurrence of `terminator`.
    public func receive(through terminator: String) throws -> [UInt8] {
        let wanted = Array(terminator.utf8)
        return try self.received.withLock { received in
            var scanned = 0
            var end = 0
            try self.fill(&received, "'\(printable(wanted))'") { received in
                let available = received.bytes.count - received.start
                while scanned + wanted.count <= available {
                    let from = received.start + scanned
                    if received.bytes[from..<(from + wanted.count)].elementsEqual(wanted) {
                        end = scanned + wanted.count
                        return true
                    }
                    scanned += 1
                }
                return false
            }
            return Self.take(&received, end)
        }
    }

    /// Everything until the other side closes, and how it closed.
    public func receiveToEnd() throws -> (bytes: [UInt8], closing: Closing) {
        try self.received.withLock { received in
            while received.closing == nil { try self.read(&received, "the end") }
            return (Self.take(&received, received.bytes.count - received.start), received.closing ?? .end)
        }
    }

    /// Whatever has arrived, at least one byte; empty at the end.
    public func receiveSome() throws -> [UInt8] {
        try self.received.withLock { received in
            while received.start == received.bytes.count, received.closing == nil { try self.read(&received, "a byte") }
            return Self.take(&received, received.bytes.count - received.start)
        }
    }

    /// Whether nothing arrives, and the connection stays open, for the time given. Only for promises that something
    /// does *not* happen; anything else is waited for.
    public func staysSilent(for duration: Duration) throws -> Bool {
        try self.received.withLock { received in
            guard received.start == received.bytes.count, received.closing == nil else { return false }
            return try !self.read(&received, until: .now + duration)
        }
    }

    /// Whether the other side's end has been seen by a call that received.
    public var hasEnded: Bool { self.received.withLock { $0.closing != nil } }

    // MARK: Closing

    /// Ends our side, over TLS with `close_notify`; the other side may go on sending.
    public func finishSending() {
        self.tls?.sayEnd()
        shutdown(self.descriptor, Int32(SHUT_WR))
    }

    /// Ends our side, over TLS without `close_notify`.
    public func finishSendingUnannounced() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        self.close()
    }

    /// Closes the connection, over TLS without `close_notify`, as most clients do.
    public func close() {
        self.isOpen.withLock { isOpen in
            if isOpen { Foundation.close(self.descriptor) }
            isOpen = false
        }
    }

    // MARK: Inside

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(self.descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { return false }
            var entry = pollfd(fd: self.descriptor, events: Int16(events), revents: 0)
            if poll(&entry, 1, Int32(clamping: milliseconds)) > 0 { return true }
        }
    }

    private func shakeHands() throws {
        guard let tls else { return }
        // From here on each call says what it waits for.
        _ = fcntl(self.descriptor, F_SETFL, fcntl(self.descriptor, F_GETFL) | O_NONBLOCK)
        let deadline = ContinuousClock.now + self.limit
        while true {
            switch tls.handshake() {
            case .moved: return
            case .blocked(let events):
                if self.wait(for: events, until: deadline) { continue }
                self.close()
                throw TestSupportError("the handshake was not done within \(self.limit)")
            case .ended, .failed:
                self.close()
                throw TestSupportError("the handshake failed")
            }
        }
    }

    private func attemptToSend(_ bytes: UnsafeRawBufferPointer) -> SocketAttempt {
        if let tls { return tls.write(bytes) }
        let count = Foundation.send(
            self.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if count > 0 { return .moved(count) }
        if errno == EAGAIN || errno == EINTR { return .blocked(Int32(POLLOUT)) }
        return .failed(String(cString: strerror(errno)))
    }

    private func attemptToReceive(into buffer: UnsafeMutableRawBufferPointer) -> SocketAttempt {
        if let tls { return tls.read(into: buffer) }
        let count = recv(self.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { return .moved(count) }
        if count == 0 { return .ended }
        if errno == EAGAIN || errno == EINTR { return .blocked(Int32(POLLIN)) }
        return .failed(String(cString: strerror(errno)))
    }

    private func fill(_ received: inout Received, _ what: String, until done: (Received) -> Bool) throws {
        while !done(received) {
            if let closing = received.closing {
                let rest = printable(received.bytes[received.start...])
                throw TestSupportError("waited for \(what), got \(closing) after '\(rest)'")
            }
            try self.read(&received, what)
        }
    }

    private func read(_ received: inout Received, _ what: String) throws {
        guard try self.read(&received, until: .now + self.limit) else {
            let rest = printable(received.bytes[received.start...])
            throw TestSupportError("waited for \(what), got only '\(rest)' within \(self.limit)")
        }
    }

    /// Waits for bytes or the end.
    ///
    /// - Returns: false: neither has come in time.
    private func read(_ received: inout Received, until deadline: ContinuousClock.Instant) throws -> Bool {
        if received.start > 0, received.start == received.bytes.count {
            received.bytes.removeAll(keepingCapacity: true)
            received.start = 0
        }
        while true {
            let attempt = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
                let attempt = self.attemptToReceive(into: buffer)
                if case .moved(let count) = attempt {
                    received.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
                return attempt
            }
            switch attempt {
            case .moved: return true
            case .ended: received.closing = .end
            case .failed: received.closing = .reset
            // What has come may be TLS' own.
            case .blocked(let events):
                if self.wait(for: events, until: deadline) { continue }
                return false
            }
            return true
        }
    }

    private static func take(_ received: inout Received, _ count: Int) -> [UInt8] {
        let bytes = Array(received.bytes[received.start..<(received.start + count)])
        received.start += count
        return bytes
    }
}
