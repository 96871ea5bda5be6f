import Foundation
import TestSupport
import Testing

/// Makes the table of docs/testing.md: `REDIS_PROXY_FIGURES=1 swift test --filter DepartureTableTests` prints it.
@Suite("a table of departures, with REDIS_PROXY_FIGURES set", .blocking)
struct DepartureTableTests {
    private struct Row: Sendable {
        let name: String
        let states: [SessionInState]
        let isPaused: Bool
    }

    /// Those of one conversation in one row, and each of the others in its own.
    private static var rows: [Row] {
        let conversations = SessionConversation.all.map { conversation in
            let states = SessionInState.conversations.filter {
                $0.description == conversation.name || $0.description.hasPrefix(conversation.name + ", after ")
            }
            return Row(name: conversation.name, states: states, isPaused: false)
        }
        return conversations
            + SessionInState.unanswered.map { Row(name: $0.description, states: [$0], isPaused: false) }
            + SessionInState.paused.map { Row(name: "writes paused: \($0)", states: [$0], isPaused: true) }
    }

    @Test(
        "how long it takes until all is back, for each state and each way",
        .enabled(if: ProcessInfo.processInfo.environment["REDIS_PROXY_FIGURES"] != nil))
    func table() throws {
        let ways = WayOfLeaving.allCases
        let rows = Self.rows
        let columns = try ways.map { way in
            BackgroundWork {
                let stage = try DepartureStage()
                try stage.rest()
                return try rows.map { row in
                    if row.isPaused { try stage.redis.server.command("CLIENT", "PAUSE", "600000", "WRITE") }
                    let kept = try stage.enterAndLeave(row.states, way)
                    let left = ContinuousClock.now
                    let ends = BackgroundWork {
                        for connection in kept where way == .halfCloseAndRead { _ = try? connection.receiveToEnd() }
                    }
                    try stage.expectNothingKept(way, within: .seconds(15), publishing: !row.isPaused)
                    try ends.wait()
                    return (.now - left).components
                }
            }
        }.map { try $0.wait(within: .seconds(900)) }
        print("| session | \(ways.map(\.description).joined(separator: " | ")) |")
        print("| --- |\(String(repeating: " --- |", count: ways.count))")
        for (index, row) in rows.enumerated() {
            let cells = columns.map { column in
                let time = Double(column[index].seconds) + Double(column[index].attoseconds) / 1e18
                return String(format: "%.1f", time)
            }
            print("| \(row.name) | \(cells.joined(separator: " | ")) |")
        }
    }

    @Test("the table in docs/testing.md has all states and ways, and everything is back within 5 s")
    func documented() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/testing.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        let header = "| session | \(WayOfLeaving.allCases.map(\.description).joined(separator: " | ")) |"
        let start = try #require(lines.firstIndex(of: header), "no table with the columns \(header)")
        let cells = lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
        }
        #expect(cells.map { $0[0] } == Self.rows.map(\.name))
        for row in cells {
            for cell in row.dropFirst() { #expect(Double(cell).map { $0 < 5 } == true, "\(row[0]): \(cell)") }
        }
    }
}
