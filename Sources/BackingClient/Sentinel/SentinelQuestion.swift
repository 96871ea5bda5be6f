import NIOCore
import Time

/// The question which server is the primary, and which Sentinels there are.
///
/// While it leads a failover, a Sentinel tells by `SENTINEL MASTER` the new epoch and the old address, for as long as its replicas take to be
/// turned round (seen: 1.1 s); by `GET-MASTER-ADDR-BY-NAME` it tells the new address from the same moment on. So the address is taken from the one,
/// the epoch from the other. Both are asked in one write, which a Sentinel answers in one go.
struct SentinelQuestion: OneShotQuestion {
    static let replyLimit = 1 << 20

    private let address: BackingAddress
    private var replies: [BackingReply] = []
    let commands: [[[UInt8]]]

    init(primary name: String, address: BackingAddress) {
        self.address = address
        self.commands = ["MASTER", "GET-MASTER-ADDR-BY-NAME", "SENTINELS"].map { word in
            ["SENTINEL", word, name].map { Array($0.utf8) }
        }
    }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<SentinelAnswer> {
        if case .error(let text) = reply {
            if text.starts(with: "ERR No such master".utf8) { return .answered(.unknownName) }
            if text.starts(with: "ERR unknown command".utf8) { return .answered(.notSentinel) }
            return .failed(.server(text))
        }
        replies.append(reply)
        guard replies.count == commands.count else { return .goesOn }
        if case .null = replies[1] { return .answered(.unknownName) }
        guard case .array(let master) = replies[0], case .array(let place) = replies[1],
            case .array(let sentinels) = replies[2],
            let epoch = master.field("config-epoch").flatMap({ UInt64(String(decoding: $0, as: UTF8.self)) }),
            place.count == 2, let address = Self.address(host: place[0].text, port: place[1].text)
        else { return .failed(.nonsense(self.address, ReplyViolation(reason: "not a reply to what was asked"))) }
        let others = sentinels.prefix(SentinelAnswer.mostSentinels).compactMap { entry -> BackingAddress? in
            guard case .array(let fields) = entry else { return nil }
            return Self.address(host: fields.field("ip"), port: fields.field("port"))
        }
        return .answered(.primary(address: address, epoch: epoch, others: others))
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.:%".utf8.contains(byte)
        }
    }

    /// nil where that cannot be connected to, whatever it is.
    private static func address(host: [UInt8]?, port: [UInt8]?) -> BackingAddress? {
        guard let host, let port, (1...253).contains(host.count),
            host.allSatisfy(isOfName),
            let number = Int(String(decoding: port, as: UTF8.self)), (1...65535).contains(number)
        else { return nil }
        return .tcp(host: String(decoding: host, as: UTF8.self), port: number)
    }
}

extension BackingConnector {
    /// Asks a Sentinel for the primary of that name, on a connection of its own. Fails with ``BackingError``.
    public func askSentinel(
        forPrimary name: String, within limit: TimeSpan, on eventLoop: any EventLoop
    ) -> EventLoopFuture<SentinelAnswer> {
        self.ask(
            SentinelQuestion(primary: name, address: self.configuration.address), as: self.configuration.credentials,
            within: limit, on: eventLoop
        ).flatMapErrorThrowing { throw ($0 as? BackingError)?.ofSentinel ?? $0 }
    }
}
