/// Whether the server has been asked if the limits still hold by which a client that is not logged in is to be refused: once for each session.
enum LimitsDoubt {
    case none
    case asked
    case answered
}
