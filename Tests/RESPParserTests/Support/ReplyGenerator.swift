import TestSupport

/// Makes well-formed replies of all types, nested at random.
struct ReplyGenerator {
    var random: SeededGenerator
    /// RESP3 with all its types, or what RESP2 has.
    var isRESP3: Bool
    var depth: Int
    /// Whether nulls are also spelled `*-1`.
    var makesNullArrays = true

    mutating func reply() -> [UInt8] { element(depth: depth) }

    private mutating func element(depth: Int) -> [UInt8] {
        let isLeaf = depth == 0 || random.oneIn(2)
        guard isRESP3 else { return isLeaf ? simpleElement() : aggregate("*", depth: depth) }
        if random.oneIn(12) { return aggregate("|", depth: depth, isPairs: true) + element(depth: depth) }
        if isLeaf { return random.oneIn(2) ? simpleElement() : newElement() }
        let type = random.pick(["*", "~", "%", ">"])
        return aggregate(type, depth: depth, isPairs: type == "%")
    }

    /// What both versions have.
    private mutating func simpleElement() -> [UInt8] {
        switch random.number(in: 0...6) {
        case 0: return [UInt8]("+") + random.bytes(upTo: 12, of: "OKPONG string") + "\r\n"
        case 1: return [UInt8]("-ERR ") + random.bytes(upTo: 200, of: "unknown 'command'") + "\r\n"
        case 2:
            return [UInt8](":\(random.pick([0, 1, -1, 42, Int.max, Int.min + 1, random.number(in: -999...999)]))\r\n")
        case 3: return [UInt8]("$-1\r\n")
        case 4 where makesNullArrays: return [UInt8]("*-1\r\n")
        default: return blob("$")
        }
    }

    /// What RESP3 added.
    private mutating func newElement() -> [UInt8] {
        switch random.number(in: 0...6) {
        case 0: return [UInt8]("_\r\n")
        case 1: return [UInt8](random.pick(["#t\r\n", "#f\r\n"]))
        case 2: return [UInt8](random.pick([",1.5\r\n", ",-inf\r\n", ",inf\r\n", ",nan\r\n", ",1e-10\r\n"]))
        case 3: return [UInt8]("(-3492890328409238509324850943850943825024385\r\n")
        case 4: return blob("!")
        case 5: return [UInt8]("=8\r\ntxt:\r\n\r\n\r\n")
        default: return streamedBlob()
        }
    }

    private mutating func blob(_ type: String) -> [UInt8] {
        let body = random.oneIn(20) ? random.bytes(upTo: 3000) : random.bytes(upTo: 20)
        return [UInt8]("\(type)\(body.count)\r\n") + body + "\r\n"
    }

    private mutating func streamedBlob() -> [UInt8] {
        var bytes = [UInt8]("$?\r\n")
        for _ in 0..<random.number(in: 0...3) {
            let chunk = random.bytes(upTo: 20) + "x"
            bytes += [UInt8](";\(chunk.count)\r\n") + chunk + "\r\n"
        }
        return bytes + ";0\r\n"
    }

    private mutating func aggregate(_ type: String, depth: Int, isPairs: Bool = false) -> [UInt8] {
        let count = random.oneIn(15) ? 30 : random.number(in: 0...3)
        let isStreamed = isRESP3 && "*%~".contains(type) && random.oneIn(6)
        var bytes = [UInt8]("\(type)\(isStreamed ? "?" : String(count))\r\n")
        // Wide levels stay shallow, so that the size stays bounded.
        let below = count > 3 ? 0 : depth - 1
        for _ in 0..<(isPairs ? 2 * count : count) { bytes += element(depth: max(below, 0)) }
        return isStreamed ? bytes + ".\r\n" : bytes
    }
}
