import Glibc
import NIOConcurrencyHelpers

/// Writes log records on a thread of its own: whoever logs never waits for a pipe that nobody reads.
///
/// The descriptor stays as it is: it is shared with other processes, which `O_NONBLOCK` would take by surprise.
final class LogWriter: TextOutputStream, Sendable {
    private enum State {
        case idle
        case hasRecords
        case isWriting
    }

    /// Bytes that wait for a stream that takes none.
    static let limit = 128 << 10

    private let descriptor: Int32
    /// Words for so many records that were dropped.
    private let tellDropped: @Sendable (UInt64) -> String
    private let state = ConditionLock(value: State.idle)
    /// Read and written with ``state`` locked only: a `ConditionLock` cannot own what it guards, as a `Mutex` would, and a `Mutex` has nobody wait
    /// for a condition.
    private nonisolated(unsafe) var backlog = LogBacklog(limit: LogWriter.limit)
    /// While the thread writes it looks for more by itself. Unsafe for the same reason.
    private nonisolated(unsafe) var isWriting = false

    /// - Parameter tellDropped: Makes the record which says how many were dropped.
    init(descriptor: Int32, tellDropped: @escaping @Sendable (UInt64) -> String) {
        self.descriptor = descriptor
        self.tellDropped = tellDropped
    }

    /// Starts the thread, which lives as long as the process.
    func start() throws(StartupError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(&thread, nil, { Unmanaged<LogWriter>.run($0) }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw StartupError("the log has no thread: \(SystemError.text(code))")
        }
        pthread_detach(thread)
    }

    /// Takes a record, to be written soon.
    func write(_ record: String) {
        state.lock()
        backlog.add(record)
        if isWriting || backlog.isEmpty { state.unlock() } else { state.unlock(withValue: .hasRecords) }
    }

    /// Waits until all is written, or the time is over.
    func flush(within seconds: Double) {
        if state.lock(whenValue: .idle, timeoutSeconds: seconds) { state.unlock() }
    }

    /// Records dropped since start.
    var dropped: UInt64 {
        state.lock()
        defer { state.unlock() }
        return backlog.dropped
    }

    fileprivate func run() -> Never {
        while true {
            state.lock(whenValue: .hasRecords)
            let batch = backlog.take()
            isWriting = true
            state.unlock(withValue: .isWriting)
            var bytes = batch.bytes
            if batch.dropped > 0 { bytes += tellDropped(batch.dropped).utf8 }
            let isWritten = writeAll(bytes)
            state.lock()
            isWriting = false
            if !isWritten { backlog.drop(batch.records) }
            state.unlock(withValue: backlog.isEmpty ? .idle : .hasRecords)
        }
    }

    /// - Returns: False where nobody reads any more.
    private func writeAll(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Somebody else has made the stream non-blocking.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}

extension Unmanaged<LogWriter> {
    fileprivate static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        fromOpaque(context).takeRetainedValue().run()
    }
}
