@testable import RESPProxy

extension ReplyGlimpse {
    /// What is kept of a reply that is there whole.
    init(frame: [UInt8]) {
        self.init()
        append(frame.span.bytes)
        type = frame[0]
    }
}
