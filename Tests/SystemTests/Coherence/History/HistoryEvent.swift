/// A write of a key, or the loss of everything. The versions of a key count up from 1; one writer alone writes each key.
struct RecordedWrite: Sendable {
    enum Effect: Sendable, Equatable {
        case value
        case absence
        /// A value that is gone so many nanoseconds later.
        case expiring(UInt64)
    }

    var version: Int
    var effect: Effect
    var isProxied: Bool
    var began: UInt64
    /// When its reply was there; nil: whether it was done is not known.
    var ended: UInt64?
    var how: String
}

/// What a client saw of one key.
struct Observation: Sendable {
    enum Value: Sendable, Equatable {
        case version(Int)
        case absent
        case strange(String)
    }

    var key: String
    var value: Value
}

/// One command of a reader, with its reply.
struct RecordedRead: Sendable {
    /// Sessions have numbers of their own; a new connection is a new session.
    var session: Int
    var began: UInt64
    var ended: UInt64
    var how: String
    /// Whether the server alone can have answered.
    var isRelayed = false
    /// Whether all keys were read together that are written together only.
    var isPair = false
    var observations: [Observation] = []
}

/// What all threads of an episode recorded.
struct History: Sendable {
    /// By key, in the order of the versions, which is that of time.
    var writes: [String: [RecordedWrite]] = [:]
    /// By reader, each in the order of time.
    var reads: [[RecordedRead]] = []
}
