import Foundation
import TestSupport
import Testing

@Suite("clients whose certificate names their user", .blocking)
struct ClientNameTests {
    private static let wrongPassword = "WRONGPASS invalid username-password pair or user is disabled."

    @Test("the common name is logged in, and again behind RESET; AUTH of the client's own is as in Redis")
    func commonName() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        let answers = try clients.cli(
            alice, "ACL WHOAMI", "RESET", "ACL WHOAMI", "AUTH default \(NamedClients.password)", "ACL WHOAMI", "RESET",
            "ACL WHOAMI", "MULTI", "RESET", "ACL WHOAMI", "HELLO 3", "ACL WHOAMI")
        #expect(
            answers.prefix(10) == [
                "alice", "RESET", "alice", "OK", "default", "RESET", "alice", "OK", "RESET", "alice",
            ])
        #expect(answers.last == "alice")
        #expect(
            try clients.cli(alice, "AUTH alice nonsense", "ACL WHOAMI")
                == [Self.wrongPassword, "alice"])
        #expect(!clients.proxy.log.contains("alices-password"), "\(clients.proxy.log)")
    }

    @Test("what is pipelined behind RESET is done by the same user")
    func pipelined() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        let script = """
            whoami, reset = b"*2\\r\\n$3\\r\\nACL\\r\\n$6\\r\\nWHOAMI\\r\\n", b"*1\\r\\n$5\\r\\nRESET\\r\\n"
            connection.sendall(whoami + reset + whoami + b"SET k v\\r\\nGET k\\r\\n" + reset + reset + whoami + b"QUIT\\r\\n")
            received = rest()
            expected = b"$5\\r\\nalice\\r\\n+RESET\\r\\n$5\\r\\nalice\\r\\n+OK\\r\\n$1\\r\\nv\\r\\n+RESET\\r\\n+RESET\\r\\n$5\\r\\nalice\\r\\n+OK\\r\\n"
            assert received == expected, received
            """
        try clients.python(alice, connected: script)
    }

    @Test("only the fill user is answered from the cache, over RESP and HTTP; no other is given what he may not read")
    func cache() throws {
        let clients = try NamedClients()
        let own = try clients.identity("default")
        let limited = try clients.certificates.identity("limited", commonName: "limited")
        try clients.awaitReads(own)
        try clients.server.command("MSET", "secret", "value", "limited:k", "open")
        try eventually("hits: \(clients.proxy.log)") {
            let before = try clients.server.calls(of: "get")
            guard try clients.cli(own, "GET secret") == ["value"] else { return false }
            // The first is relayed no more once the user is known, so a second is a hit.
            guard try clients.cli(own, "GET secret", "GET secret", "GET secret") == ["value", "value", "value"] else {
                return false
            }
            return try clients.server.calls(of: "get") <= before + 1
        }
        #expect(try clients.curl(own, "/secret").contains(#"{"key":"secret","value":"value"}"#))
        let answers = try clients.cli(limited, "GET secret", "GET limited:k", "RESET", "GET secret")
        #expect(answers.filter { $0.hasPrefix("NOPERM") }.count == 2 && answers.contains("open"), "\(answers)")
        #expect(try clients.curl(limited, "/secret").hasPrefix("HTTP/1.1 403"))
        #expect(try clients.curl(limited, "/limited:k").hasPrefix("HTTP/1.1 403"))
        // Credentials in the request are whoever sends them.
        #expect(try clients.curl(limited, "/secret", "-u", "default:\(NamedClients.password)").contains(#""value""#))
        #expect(try clients.curl(own, "/secret", "-u", "limited:limiteds-password").hasPrefix("HTTP/1.1 403"))
    }

    @Test("the fill user needs no connection of his own, and keeps his hits when the server closes others")
    func fillUserShares() throws {
        let clients = try NamedClients()
        let own = try clients.identity("default")
        try clients.awaitReads(own)
        #expect(
            try clients.cli(own, "SET k v", "GET k", "RESET", "GET k", "ACL WHOAMI") == [
                "OK", "v", "RESET", "v", "default",
            ])
    }

    @Test("CLIENT_AUTH=trust does not make a named client somebody else")
    func trust() throws {
        let clients = try NamedClients(["CLIENT_AUTH": "trust", "TLS_AUTH_CLIENTS": "optional"])
        let limited = try clients.identity("limited")
        try clients.server.command("SET", "secret", "value")
        try eventually("whoever has no certificate is trusted: \(clients.proxy.log)") {
            try clients.cli(nil, "GET secret", "ACL WHOAMI") == ["value", "default"]
        }
        let answers = try clients.cli(limited, "GET secret", "ACL WHOAMI", "RESET", "ACL WHOAMI", "GET secret")
        #expect(answers.filter { $0.hasPrefix("NOPERM") }.count == 2, "\(answers)")
        #expect(answers.filter { $0 == "limited" }.count == 2, "\(answers)")
        #expect(try clients.curl(limited, "/secret").hasPrefix("HTTP/1.1 403"))
        #expect(try clients.curl(nil, "/secret").hasPrefix("HTTP/1.1 200"))
    }

    @Test("a certificate user is not given what everybody else may read where the server asks for no password")
    func openServer() throws {
        let clients = try NamedClients(["REDIS_PASSWORD": ""])
        let alice = try clients.identity("alice")
        try clients.server.command("ACL", "SETUSER", "default", "nopass")
        try clients.server.command("SET", "k", "v")
        try eventually("alice is served: \(clients.proxy.log)") {
            try clients.cli(alice, "ACL WHOAMI", "GET k", "ACL WHOAMI") == ["alice", "v", "alice"]
        }
        try eventually("the server is known to ask for no password: \(clients.proxy.log)") {
            try clients.curl(alice, "/k").hasPrefix("HTTP/1.1 403")
        }
    }

    @Test(
        "who is not known, or whom the server refuses, is told so in Redis' words, counted and logged, and is nobody else",
        arguments: ["nobody", "wrong", "off"])
    func refusedUsers(name: String) throws {
        let clients = try NamedClients()
        let identity = try clients.identity(name)
        try eventually("the server is there: \(clients.proxy.log)") {
            try clients.cli(identity, "ACL WHOAMI", "SET k v").first == Self.wrongPassword
        }
        #expect(try clients.server.command("EXISTS", "k") == .integer(0))
        #expect(try clients.cli(identity, "PING", "PING").filter { $0 == "PONG" }.isEmpty)
        let http = try clients.curl(identity, "/k")
        #expect(
            http.hasPrefix(name == "nobody" ? "HTTP/1.1 403" : "HTTP/1.1 401") && http.contains("WRONGPASS"), "\(http)")
        #expect(try clients.refused("certificate_user") ?? 0 >= 3)
        try eventually("the log names it") {
            clients.proxy.log.contains("a client was refused for its certificate: ")
                && clients.proxy.log.contains("user \"\(name)\"")
        }
        #expect(!clients.proxy.log.contains("not-the-password") && !clients.proxy.log.contains("offs-password"))
    }

    @Test("a name that is not single, or that no user can have, is refused")
    func refusedNames() throws {
        let clients = try NamedClients()
        for subject in ["/CN=alice/CN=default", "/O=company", "/CN=alice admin", "/CN=alice+CN=default"] {
            let identity = try clients.identity("", subject: subject)
            let answers = try clients.cli(identity, "ACL WHOAMI")
            #expect(
                answers.first?.hasPrefix("ERR redis-proxy: the client's certificate names no user") == true,
                "\(answers)")
            #expect(try clients.curl(identity, "/k").hasPrefix("HTTP/1.1 403"))
        }
        #expect(try clients.refused("certificate_name") ?? 0 >= 8)
        let byURI = try NamedClients(["TLS_CLIENT_NAME": "URI"])
        let alice = "URI:spiffe://example/alice"
        try eventually("the URI is the user: \(byURI.proxy.log)") {
            try byURI.cli(byURI.identity("x", names: alice), "ACL WHOAMI", "RESET", "ACL WHOAMI")
                == ["spiffe://example/alice", "RESET", "spiffe://example/alice"]
        }
        for names in ["\(alice),URI:spiffe://example/bob", "DNS:localhost"] {
            let answers = try byURI.cli(byURI.identity("alice", names: names), "ACL WHOAMI")
            #expect(
                answers.first?.hasPrefix("ERR redis-proxy: the client's certificate names no user") == true,
                "\(answers)")
        }
    }

    @Test("optional: who shows no certificate is what he would be without names, over plaintext, too")
    func optional() throws {
        let clients = try NamedClients(["TLS_AUTH_CLIENTS": "optional", "TLS_PLAINTEXT": "on"])
        #expect(try clients.cli(nil, "PING").first?.hasPrefix("NOAUTH") == true)
        #expect(try clients.cli(nil, "AUTH \(NamedClients.password)", "ACL WHOAMI") == ["OK", "default"])
        #expect(try redisCLI(port: clients.proxy.port, "PING").hasPrefix("NOAUTH"))
        let alice = try clients.identity("alice")
        #expect(try clients.cli(alice, "ACL WHOAMI") == ["alice"])
        #expect(try clients.curl(nil, "/k").hasPrefix("HTTP/1.1 401"))
    }

    @Test("the passwords are read again, and nobody is closed; what cannot be read is one warning, and the old stays")
    func reload() throws {
        let clients = try NamedClients(["TLS_RELOAD_INTERVAL": "3600"])
        let alice = try clients.identity("alice")
        let bob = try clients.certificates.identity("bob", commonName: "bob")
        try eventually("alice is let in: \(clients.proxy.log)") { try clients.cli(alice, "ACL WHOAMI") == ["alice"] }
        let standing = try ChildProcess(
            "redis-cli",
            [
                "--tls", "--cacert", clients.certificates.authority, "--cert", alice.certificate, "--key", alice.key,
                "-p",
                "\(clients.proxy.port)", "SUBSCRIBE", "c",
            ])
        try eventually("it listens") {
            try clients.server.command("PUBSUB", "NUMSUB", "c") == .array([.text("c"), .integer(1)])
        }
        try clients.server.command("ACL", "SETUSER", "bob", "on", ">bobs-password", "~*", "+@all")
        try clients.certificates.write("bob bobs-password\n", to: clients.passwords)
        clients.proxy.process.signal(SIGHUP)
        try eventually("bob is let in, and alice no more: \(clients.proxy.log)") {
            try clients.cli(bob, "ACL WHOAMI") == ["bob"] && clients.cli(alice, "PING").first == Self.wrongPassword
        }
        try clients.certificates.write("bob bobs-password\nalice\n", to: clients.passwords)
        let lines = clients.proxy.log.split(separator: "\n").count
        clients.proxy.process.signal(SIGHUP)
        try eventually("it says what is wrong: \(clients.proxy.log)") {
            clients.proxy.log.contains(
                "line 2 of \(clients.passwords) is not a name, a blank and a password; what was read before")
        }
        clients.proxy.process.signal(SIGHUP)
        #expect(try clients.cli(bob, "ACL WHOAMI") == ["bob"])
        #expect(clients.proxy.log.split(separator: "\n").count == lines + 1, "\(clients.proxy.log)")
        #expect(!clients.proxy.log.contains("bobs-password"))
        #expect(try clients.server.command("PUBLISH", "c", "m") == .integer(1), "who subscribed before still hears")
        withExtendedLifetime(standing) {}
    }

    @Test("behind a log-in that cannot be undone unseen: a command that may be RESET ends the client instead")
    func unseenReset() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        let script = """
            connection.sendall(b"PING\\r\\n")
            assert connection.recv(100) == b"+PONG\\r\\n"
            connection.sendall(b'"R\\\\x45SET"\\r\\nACL WHOAMI\\r\\n')
            received = rest()
            assert received == b"", received
            """
        try clients.python(alice, connected: script)
    }

    @Test("nor does a RESET that the server leaves unanswered make it the default user")
    func unansweredReset() throws {
        let clients = try NamedClients()
        try clients.server.command("ACL", "SETUSER", "default", "nopass")
        let alice = try clients.identity("alice")
        let script = """
            import os, signal
            connection.sendall(b"ACL WHOAMI\\r\\n")
            assert connection.recv(100) == b"$5\\r\\nalice\\r\\n"
            os.kill(\(clients.server.pid), signal.SIGSTOP)
            connection.sendall(b"RESET\\r\\nACL WHOAMI\\r\\n")
            try:
                received = rest()
            finally:
                os.kill(\(clients.server.pid), signal.SIGCONT)
            assert received == b"", received
            """
        try clients.python(alice, connected: script)
        try eventually("it says so") {
            clients.proxy.log.contains("may have undone the log-in of its certificate's user")
        }
    }

    @Test("nor does PSYNC, behind which nothing is read")
    func replica() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        let script = """
            connection.sendall(b"PING\\r\\n")
            assert connection.recv(100) == b"+PONG\\r\\n"
            connection.sendall(b"PSYNC ? -1\\r\\n")
            received = rest()
            assert received == b"", received[:100]
            """
        try clients.python(alice, connected: script)
    }

    @Test("while the server is away there is an error for each command, and the user is logged in once it is back")
    func serverAway() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        try eventually("alice is let in: \(clients.proxy.log)") { try clients.cli(alice, "ACL WHOAMI") == ["alice"] }
        try clients.server.kill()
        try eventually("an error: \(clients.proxy.log)") {
            try clients.cli(alice, "PING").first?.contains("is not reachable") == true
        }
        try clients.server.restart()
        try eventually("alice is let in again: \(clients.proxy.log)") {
            try clients.cli(alice, "ACL WHOAMI") == ["alice"]
        }
    }

    @Test("redis-py with a certificate is its user, on every connection of its pool")
    func redisPy() throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        let script = """
            import redis, sys
            for protocol in (2, 3):
                client = redis.Redis(port=int(sys.argv[1]), ssl=True, ssl_ca_certs=sys.argv[2], ssl_certfile=sys.argv[3],
                                     ssl_keyfile=sys.argv[4], protocol=protocol)
                assert client.acl_whoami() in ("alice", b"alice"), client.acl_whoami()
                pipeline = client.pipeline()
                for i in range(100): pipeline.set(f"k{i}", i).get(f"k{i}")
                assert pipeline.execute()[1::2] == [str(i).encode() for i in range(100)]
                client.close()
            """
        try clients.python(alice, script)
    }

    @Test("options that are of no use without each other stop the start, and are named")
    func contradictions() throws {
        let certificates = try TestCertificates()
        let identity = try certificates.identity("ours")
        let passwords = certificates.path("passwords")
        try certificates.write("alice secret\n", to: passwords)
        let whole = [
            "TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key, "TLS_CA_FILE": certificates.authority,
            "TLS_CLIENT_NAME": "CN", "TLS_CLIENT_PASSWORDS_FILE": passwords,
        ]
        func refusal(without names: [String] = [], _ more: [String: String] = [:]) throws -> String {
            let environment = whole.filter { !names.contains($0.key) }.merging(more) { $1 }
            let result = try ProxyProcess.runToEnd(environment: environment)
            #expect(result.ending == .exited(64))
            return result.errors
        }
        #expect(
            try refusal(without: ["TLS_CA_FILE"]).contains("TLS_CLIENT_NAME: needs TLS_CA_FILE beside it"))
        #expect(
            try refusal(without: ["TLS_CA_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE"]).contains(
                "TLS_CLIENT_NAME: needs TLS_CERT_FILE beside it"))
        #expect(
            try refusal(without: ["TLS_CLIENT_PASSWORDS_FILE"]).contains(
                "TLS_CLIENT_NAME: needs TLS_CLIENT_PASSWORDS_FILE beside it"))
        #expect(
            try refusal(without: ["TLS_CLIENT_NAME"]).contains(
                "TLS_CLIENT_PASSWORDS_FILE: needs TLS_CLIENT_NAME beside it"))
        #expect(
            try refusal(["TLS_AUTH_CLIENTS": "no"]).contains(
                "TLS_CLIENT_NAME: CN, but clients are asked for no certificate, expected off, or TLS_AUTH_CLIENTS=yes or optional"
            ))
        #expect(try refusal(["TLS_PLAINTEXT": "on"]).contains("TLS_PLAINTEXT: on, but clients must show a certificate"))
        #expect(try refusal(["TLS_CLIENT_NAME": "SAN"]).contains("TLS_CLIENT_NAME"))
        try certificates.write("alice\n", to: passwords)
        #expect(try refusal().contains("TLS_CLIENT_PASSWORDS_FILE: line 1 of \(passwords) is not a name"))
    }
}
