@testable import RESPProxy

/// A session whose server gives replies too many and too few, followed by the matcher; whatever the proxy asks by itself is answered.
struct DisplacedReplies {
    /// What goes wrong with the reply that has this number, counted from 0.
    enum Fault: Equatable, Sendable {
        /// This comes right before it.
        case extra(String, before: Int)
        case missing(Int)
    }

    private let router: CommandRouter
    private let access: CacheAccess
    private let faults: [Fault]
    private(set) var matcher = ReplyMatcher()
    /// What the connection really is.
    private(set) var model = ModelConnection()
    /// On its way to the proxy.
    private var pipe: [String] = []
    private var number = 0
    /// The proxy's questions are answered as they should be, and nothing comes between the answers.
    var sparesAnswers = false
    /// What the session was taken for, and was not.
    private(set) var violations: [String] = []
    private var log: [String] = []

    init(_ faults: [Fault], table: CommandTable, access: CacheAccess) {
        self.faults = faults
        self.access = access
        router = CommandRouter(table: table, access: access)
    }

    /// A command of the client's is relayed.
    ///
    /// - Parameter reply: What it is answered with, where the model does not know.
    mutating func send(_ line: String, reply: String? = nil) {
        log.append(line)
        let words = line.split(separator: " ").map(String.init)
        _ = matcher.forwarded(router.describe(CommandView(words: words), announcesChanges: false), now: 1)
        let answer = model.answer(words)
        for frame in reply.map({ [$0] }) ?? answer { write(frame) }
    }

    private mutating func write(_ frame: String) {
        defer { number += 1 }
        for case .extra(let extra, before: number) in faults { pipe.append(extra) }
        if !faults.contains(.missing(number)) { pipe.append(frame) }
    }

    /// What is on its way arrives.
    mutating func arrive() {
        while !pipe.isEmpty {
            let frame = pipe.removeFirst()
            log.append(String(frame.prefix(24)).replacing("\r\n", with: " "))
            matcher.receive(frame)
            check()
            ask()
        }
    }

    private mutating func ask() {
        guard let state = matcher.stateToProve, state.mayBeAnsweredFromCache(access: access) || key(of: state) != nil
        else {
            return
        }
        let question = matcher.question(newUser: access.newUser)
        matcher.ask(question, now: 1)
        log.append("?")
        for part in question.parts {
            let word = String(decoding: question.word, as: UTF8.self)
            for frame in model.answer(part == .standing ? ["CLIENT", "INFO"] : ["PING", word]) {
                if sparesAnswers { pipe.append(frame) } else { write(frame) }
            }
        }
        // A read of the client's waits for the answers.
        check()
    }

    private mutating func check() {
        let isServed = matcher.isEmpty && matcher.state.mayBeAnsweredFromCache(access: access)
        let mayBe =
            access.includes(model.state.user) && model.state.database == access.database && !model.state.inTransaction
            && !model.state.isTracked && model.state.matching == .byReply
            && !(model.state.isSubscribed && model.state.version == .resp2)
        // Neither that a key is watched, nor what HELLO did, is asked by name: that is sure where no fault makes up for another.
        if isServed, !mayBe || model.state.isWatching && faults.count == 1 { violations.append("served: \(story)") }
        guard let key = key(of: matcher.state), matcher.isClean else { return }
        var state = model.state
        if faults.count > 1 {
            state.isWatching = false
            state.version = matcher.state.version
        }
        // Who logs in as the default user is what a new client is.
        if state.user == .named(DefaultUser.name), matcher.state.user == .new { state.user = .new }
        if key != self.key(of: state) { violations.append("handed on: \(story)") }
    }

    /// Who may be given the connection.
    private func key(of state: SessionState) -> RelayKey? {
        RelayKey(
            of: state, access: CacheAccess(database: 0, fillUser: access.fillUser, trustsClients: false),
            admitsAnonymous: true)
    }

    private var story: String { "\(faults): \(log)" }
}
