import Foundation
import TestSupport
import Testing

@Suite("conversations that nobody thought of are answered as by the server itself", .blocking)
struct FuzzedConversationTests {
    /// For how long they are made up; without, a few are.
    private static let seconds = ProcessInfo.processInfo.environment["FUZZ_SECONDS"].flatMap { Double($0) }

    @Test(
        "those that were once answered otherwise",
        .enabled(if: !ServerProgram.current.swallowsProtocolErrors, .swallowedErrors), arguments: ["0", "1000"])
    func corpus(capacity: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Conversations")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        let player = try ConversationPlayer(["CACHE_CAPACITY": capacity])
        for file in files.sorted(by: { $0.path < $1.path }) {
            let conversation = try FuzzedConversation(String(contentsOf: file, encoding: .utf8))
            let difference = try player.difference(in: conversation)
            #expect(difference == nil, "\(file.lastPathComponent)")
        }
        try player.expectNothingKept()
    }

    @Test(
        "those that a seed makes up", .timeLimit(.minutes(24 * 60)),
        .enabled(if: !ServerProgram.current.swallowsProtocolErrors, .swallowedErrors))
    func random() throws {
        var seeds = SeededGenerator("conversations")
        let players = try ["0", "1000"].map { try ConversationPlayer(["CACHE_CAPACITY": $0]) }
        let started = ContinuousClock.now
        var (conversations, turns, differences) = (0, 0, 0)
        // A busy machine takes longer for a few.
        while ContinuousClock.now - started < .seconds(Self.seconds ?? 3) || conversations <= 10, differences < 10 {
            var generator = ConversationGenerator(seed: seeds.next())
            let conversation = generator.conversation()
            conversations += 1
            turns += conversation.turns.count
            guard let difference = try players[conversations % players.count].difference(in: conversation) else {
                continue
            }
            differences += 1
            Issue.record("\(difference)\n\(conversation)")
        }
        for player in players { try player.expectNothingKept() }
        print("fuzz: Conversations: \(conversations) of \(turns) turns, \(differences) answered otherwise")
    }

    @Test("a conversation that is written down is the one that is read back")
    func text() throws {
        for seed in 0..<200 {
            var generator = ConversationGenerator(seed: UInt64(seed))
            let conversation = generator.conversation()
            let read = try FuzzedConversation(conversation.description)
            #expect(read.turns.map(\.bytes) == conversation.turns.map(\.bytes))
            #expect(read.cuts == conversation.cuts)
        }
    }
}
