/// How far writing has come; two that are equal mean that the client has taken in nothing in between.
struct WriteProgress: Equatable {
    var request: UInt64
    var streamed: UInt64
    /// Bytes that wait for the socket.
    var buffered: Int
    /// Bytes that the client's kernel has taken, while others wait.
    var taken: UInt64
}
