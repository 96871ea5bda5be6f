import RESPParser
import Testing

@testable import RESPProxy

@Suite("what a session is, asked of the server")
struct ReplyProofTests {
    private static let state = SessionState()
    private static let word = Array("redis-proxy-word".utf8)

    /// What servers say of a new connection, as they were seen to.
    static let lines = [
        // 6.2.5
        "id=3 addr=127.0.0.1:56328 laddr=127.0.0.1:24990 fd=8 name= age=0 idle=0 flags=N db=0 sub=0 psub=0 multi=-1 qbuf=97 qbuf-free=40857 argv-mem=10 obl=0 oll=0 omem=0 tot-mem=61466 events=r cmd=client user=default redir=-1\n",
        // 7.0.15
        "id=3 addr=127.0.0.1:56350 laddr=127.0.0.1:24990 fd=8 name= age=0 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=97 qbuf-free=20377 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=0 omem=0 tot-mem=37658 events=r cmd=client|info user=default redir=-1 resp=2\n",
        // 8.2.3
        "id=4 addr=127.0.0.1:56334 laddr=127.0.0.1:24990 fd=13 name= age=0 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=97 qbuf-free=20377 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=0 omem=0 tot-mem=37786 events=r cmd=client|info user=default redir=-1 resp=2 lib-name= lib-ver= io-thread=0 tot-net-in=97 tot-net-out=0 tot-cmds=0\n",
        // Valkey 9.1.2
        "id=3 addr=127.0.0.1:56352 laddr=127.0.0.1:24990 fd=11 name= age=0 idle=0 flags=N capa= db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=97 qbuf-free=16289 argv-mem=10 multi-mem=0 rbs=16392 rbp=16392 obl=0 oll=0 omem=0 tot-mem=33394 events=r cmd=client|info user=default redir=-1 resp=2 lib-name= lib-ver= tot-net-in=97 tot-net-out=0 tot-cmds=0\n",
    ]

    private func standing(_ line: String) -> ClientStanding? {
        ClientStanding(ReplyGlimpse(frame: Array(bulk(Array(line.utf8)).utf8), headLimit: 1 << 16))
    }

    private func agrees(_ line: String, with state: SessionState) -> Bool? {
        standing(line)?.agrees(with: state, newUser: DefaultUser.name)
    }

    @Test("CLIENT INFO of each server is understood", arguments: Self.lines)
    func servers(line: String) {
        #expect(agrees(line, with: Self.state) == true)
        let changes: [(String, String)] = [
            ("db=0", "db=1"), ("user=default", "user=bob"), ("flags=N", "flags=x"), (" sub=0", " sub=1"),
            ("psub=0", "psub=2"), ("flags=N", "flags=t"), ("flags=N", "flags=O"), ("resp=2", "resp=3"),
            ("ssub=0", "ssub=1"), ("watch=0", "watch=1"),
        ]
        for (old, new) in changes where line.contains(old) {
            #expect(agrees(line.replacing(old, with: new), with: Self.state) == false, "\(new)")
        }
        #expect(
            agrees(line.replacing("name= ", with: "name=user=bob "), with: Self.state) == true, "a name is no field")
        #expect(standing(line.replacing("user=default", with: "")) == nil, "without a user nothing is said")
    }

    @Test("what a session has become is compared")
    func states() {
        var state = Self.state
        state.user = .named(Array("bob".utf8))
        state.database = 7
        state.version = .resp3
        state.channels = 2
        state.isTracked = true
        let reply = ReplyGlimpse(frame: Array(clientInfo(of: state).utf8), headLimit: 1 << 16)
        #expect(ClientStanding(reply)?.agrees(with: state, newUser: []) == true)
        #expect(ClientStanding(reply)?.agrees(with: Self.state, newUser: []) == false)
    }

    private func ask(after change: StateChange) -> ReplyProof {
        var proof = ReplyProof()
        proof.forwarded(change, pins: false)
        proof.ask(OwnQuestion(word: Self.word, asksStanding: proof.doubt == .standing))
        return proof
    }

    private func expect(
        _ proof: inout ReplyProof, _ reply: ReplyGlimpse, for part: OwnQuestion.Part, _ verdict: ReplyProof.Verdict
    ) {
        let received = proof.received(reply, for: part, state: Self.state)
        #expect(received == verdict)
    }

    private func glimpse(_ frame: String) -> ReplyGlimpse { ReplyGlimpse(frame: Array(frame.utf8), headLimit: 1 << 16) }

    @Test("MULTI asks for the word only, AUTH for the user as well")
    func parts() {
        var proof = ask(after: .begin)
        expect(&proof, glimpse(bulk(Self.word)), for: .word, .proven)
        #expect(!proof.isInDoubt)
        proof = ask(after: .authenticate(user: Array("default".utf8)))
        expect(&proof, glimpse(clientInfo(of: Self.state)), for: .standing, .goesOn)
        expect(&proof, glimpse(bulk(Self.word)), for: .word, .proven)
    }

    @Test("what was sent since the question was asked is in doubt all the same")
    func later() {
        var proof = ask(after: .begin)
        proof.forwarded(.reset, pins: false)
        expect(&proof, glimpse(bulk(Self.word)), for: .word, .unanswered)
        #expect(proof.doubt == .standing && proof.isDue)
    }

    @Test("who may not ask stays in doubt, and is asked about again once something else has changed")
    func refused() {
        var proof = ask(after: .select(database: 0))
        _ = proof.received(glimpse("-NOPERM no\r\n"), for: .standing, state: Self.state)
        expect(&proof, glimpse(bulk(Self.word)), for: .word, .unanswered)
        #expect(proof.isRefused && proof.isInDoubt && !proof.isDue)
        proof.forwarded(.none, pins: false)
        #expect(!proof.isDue)
        proof.forwarded(.begin, pins: false)
        #expect(proof.isDue)
    }

    @Test(
        "a server without CLIENT INFO is taken at its word",
        arguments: [
            "-ERR unknown command `CLIENT`, with args beginning with: `INFO`, \r\n",
            "-ERR Unknown subcommand or wrong number of arguments for 'INFO'. Try CLIENT HELP.\r\n",
            "-ERR unknown subcommand 'INFO'. Try CLIENT HELP.\r\n",
        ])
    func unknown(error: String) {
        var proof = ask(after: .select(database: 0))
        expect(&proof, glimpse(error), for: .standing, .goesOn)
        expect(&proof, glimpse(bulk(Self.word)), for: .word, .proven)
    }

    @Test("a server that cannot answer is asked again behind the next command, and not before")
    func putOff() {
        var proof = ask(after: .begin)
        expect(&proof, glimpse("-BUSY Redis is busy\r\n"), for: .word, .unanswered)
        #expect(!proof.isDue)
        proof.forwarded(.none, pins: false)
        #expect(proof.isDue)
    }

    @Test("a word of another question, or with more behind it, is none")
    func otherWords() {
        var proof = ask(after: .begin)
        for frame in [bulk(Self.word + [0x21]), bulk(Array("redis-proxy-other".utf8)), "+PONG\r\n", "*0\r\n"] {
            expect(&proof, glimpse(frame), for: .word, .displaced)
            let isOurs = proof.takes(glimpse(frame))
            #expect(!isOurs)
        }
        let isOurs = proof.takes(glimpse(bulk(Self.word)))
        #expect(isOurs, "late, but ours")
        #expect(!proof.isAsking)
        #expect(OwnQuestion.randomWord() != OwnQuestion.randomWord())
    }

    @Test("each command that changes a session knows its success from others' replies")
    func forms() {
        func form(_ change: StateChange, _ frame: String, _ version: RESPVersion = .resp2, queued: Int = 0) -> ReplyForm
        {
            change.form(of: glimpse(frame), version: version, queued: queued)
        }
        for change: StateChange in [
            .begin, .discard, .watch, .unwatch, .select(database: 1), .authenticate(user: []), .monitor,
            .tracking(on: true),
            .replies(.on), .pause(.end),
        ] {
            #expect(form(change, "+OK\r\n") == .success)
            #expect(form(change, "-ERR no\r\n") == .refused)
            for frame in ["+QUEUED\r\n", "+RESET\r\n", "+OKAY\r\n", "$2\r\nOK\r\n", ":1\r\n", "*0\r\n", "_\r\n"] {
                #expect(form(change, frame) == .wrong, "\(change): \(frame)")
            }
        }
        #expect(form(.reset, "+RESET\r\n") == .success)
        #expect(form(.reset, "+OK\r\n") == .wrong)
        #expect(form(.execute, "*2\r\n+OK\r\n:1\r\n", queued: 2) == .success)
        #expect(form(.execute, "*1\r\n+OK\r\n", queued: 2) == .wrong)
        #expect(form(.execute, "*-1\r\n", queued: 2) == .success)
        #expect(form(.execute, "_\r\n", queued: 2) == .success)
        #expect(form(.execute, "+OK\r\n", queued: 2) == .wrong)
        let hello = StateChange.hello(version: 3, user: nil, setsName: false)
        #expect(form(hello, greeting(.resp3)) == .success)
        #expect(form(hello, greeting(.resp2)) == .wrong)
        #expect(form(.hello(version: nil, user: nil, setsName: false), greeting(.resp2)) == .success)
        #expect(form(.hello(version: nil, user: nil, setsName: false), greeting(.resp3), .resp3) == .success)
        #expect(form(hello, "%1\r\n$1\r\na\r\n$1\r\nb\r\n") == .wrong)
        #expect(form(hello, "+OK\r\n") == .wrong)
        #expect(form(.subscribe(.channel, count: 1), "+OK\r\n") == .wrong)
    }
}
