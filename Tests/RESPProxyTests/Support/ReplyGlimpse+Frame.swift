@testable import RESPProxy

extension ReplyGlimpse {
    /// What is kept of a reply that is there whole.
    init(frame: [UInt8], headLimit: Int = ReplyGlimpse.headLimit) {
        self.init()
        reset(headLimit: headLimit)
        append(frame.span.bytes)
        type = frame[0]
    }
}
