/// What a command leaves on its connection that not even `RESET` takes away.
enum LastingEffect: Comparable, Sendable {
    case nothing
    /// Something that no reply to a read depends on: the name of a library.
    case harmless
    /// It may be anything.
    case unknown
}
