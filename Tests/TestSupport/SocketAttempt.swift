/// What became of an attempt to send or to receive on a socket.
enum SocketAttempt {
    /// So many bytes were sent or received.
    case moved(Int)
    /// It would have to wait for this, as in `poll`.
    case blocked(Int32)
    /// The other side has ended the connection in order.
    case ended
    /// Nothing more can be sent or received; the text says why.
    case failed(String)
}
