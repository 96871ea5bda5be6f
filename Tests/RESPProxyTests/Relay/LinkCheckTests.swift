import BackingClient
import NIOCore
import NIOEmbedded
import Testing
import Time

@testable import RESPProxy

@Suite("Connections that have gone silent are found when the fill connection was")
struct LinkCheckTests {
    private final class Link: BackingLink {
        var isOpen = true
        let opened: Instant = 1
        var lastHeard: Instant = 1
        func giveUp() { isOpen = false }
    }

    private static let silence = BackingError(code: .timedOut, message: Array("silence".utf8))

    private let eventLoop = EmbeddedEventLoop()
    private let check: LinkCheck
    /// One that can be asked.
    private let asked = Link()
    /// One that waits beside it.
    private let waiting = Link()

    init() {
        check = LinkCheck(eventLoop: eventLoop, logger: .silent)
    }

    /// The new fill connection is asked once the old ones have had their time, and answers.
    private func judge() {
        eventLoop.advanceTime(by: TimeAmount(LinkCheck.patience))
        check.laneAnswered(sent: .distantFuture)
    }

    @Test("also when the new fill connection is lost before they are judged, and they cannot be asked once more")
    func interrupted() {
        var questions: [Instant] = []
        check.laneIsDown(Self.silence)
        check.laneIsUp({ [(asked, true), (waiting, false)] }) { questions.append($0) }
        check.laneIsDown(.lost)
        check.laneIsUp({ [(asked, false), (waiting, false)] }) { questions.append($0) }
        judge()
        #expect(questions.count == 1)
        #expect(!asked.isOpen && !waiting.isOpen)
    }

    @Test("also when they had answered before the fill connection was lost once more")
    func diedLater() {
        check.laneIsDown(Self.silence)
        check.laneIsUp({ [(asked, true), (waiting, false)] }) { _ in }
        asked.lastHeard = 2
        check.laneIsDown(Self.silence)
        check.laneIsUp({ [(asked, true), (waiting, false)] }) { _ in }
        judge()
        #expect(!asked.isOpen && !waiting.isOpen)
    }

    @Test("one that has been heard meanwhile is alive, and so is who waits beside it")
    func heardMeanwhile() {
        check.laneIsDown(Self.silence)
        check.laneIsUp({ [(asked, true), (waiting, false)] }) { _ in }
        check.laneIsDown(.lost)
        asked.lastHeard = 2
        check.laneIsUp({ [(asked, false), (waiting, false)] }) { _ in }
        judge()
        #expect(asked.isOpen && waiting.isOpen)
    }
}
