import BackingClient

/// A Sentinel, and what it has said.
struct KnownSentinel {
    enum Word: Equatable {
        case primary(Primary)
        case unknownName
        case notSentinel
        case failure(BackingError)
    }

    enum Question {
        case none
        case asked
        /// What it is to answer may be older than what there is to be known by now.
        case askedAgain
    }

    /// By the options; others are known from Sentinels.
    let isConfigured: Bool
    /// What it announces is heard.
    var isUp = false
    var question = Question.none
    /// nil: it has neither answered nor failed yet.
    var word: Word?
    /// The Sentinels that it knows.
    var others: Set<BackingAddress> = []

    init(isConfigured: Bool) { self.isConfigured = isConfigured }

    /// Whom it names.
    var primary: Primary? {
        if isUp, case .primary(let primary) = word { primary } else { nil }
    }
}
