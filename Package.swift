// swift-tools-version: 6.2
import Foundation
import PackageDescription

let package = Package(
    name: "redis-proxy",
    products: [
        .executable(name: "redis-proxy", targets: ["RedisProxy"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["CommandLineArguments"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // The wire protocol: bytes in, values out. No I/O, no Foundation.
        .target(name: "RESPParser"),
        // A moment by the monotonic clock, and how long something takes.
        .target(name: "Time"),
        // LRU with expiry, byte budget, single flight and fill tickets. Time is passed in.
        .target(name: "LocalCache", dependencies: ["Time"]),
        // hiredis, the C client library, as `libhiredis-dev` installs it. Its pkg-config file is not asked: it brings a macro
        // definition that SwiftPM warns of, and no path that the compiler does not search anyway.
        .systemLibrary(name: "CHiredis"),
        // TLS for both sides: files and what is wrong with them, contexts that are made anew, why a handshake failed.
        .target(
            name: "TransportSecurity",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ]),
        // The typed client of the backing Redis: hiredis on SwiftNIO sockets.
        .target(
            name: "BackingClient",
            dependencies: [
                "CHiredis", "RESPParser", "Time", "TransportSecurity",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        // Which server is the primary, as Sentinels tell, and who owns which slot of a cluster: state machines without sockets, and what drives them.
        .target(
            name: "Topology",
            dependencies: [
                "BackingClient", "Time",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        // The core: sessions, command table, routing, relay.
        .target(
            name: "RESPProxy",
            dependencies: [
                "RESPParser", "LocalCache", "BackingClient", "Time", "TransportSecurity",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        // `GET /key` over the same cache and client.
        .target(
            name: "HTTPFacade",
            dependencies: [
                "RESPParser", "BackingClient", "Time", "TransportSecurity", "RESPProxy",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        // The program: configuration, wiring, lifecycle, admin.
        .executableTarget(
            name: "RedisProxy",
            dependencies: [
                "LocalCache", "BackingClient", "Time", "TransportSecurity", "Topology", "RESPProxy", "HTTPFacade",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),

        // Shared by the tests: real servers on free ports, and clients that are not ours.
        .target(name: "TestSupport", dependencies: ["CHiredis", "Time"], path: "Tests/TestSupport"),
        // How a session and a relay feed the parser and the scanner; the fuzzers feed them so, too.
        .target(name: "ParserFeeds", dependencies: ["RESPParser"], path: "Tests/ParserFeeds"),
        .testTarget(name: "RESPParserTests", dependencies: ["RESPParser", "CHiredis", "ParserFeeds", "TestSupport"]),
        .testTarget(
            name: "TransportSecurityTests",
            dependencies: [
                "TransportSecurity", "TestSupport",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        .testTarget(name: "TimeTests", dependencies: ["Time", "TestSupport"]),
        .testTarget(name: "LocalCacheTests", dependencies: ["LocalCache", "TestSupport", "Time"]),
        .testTarget(
            name: "BackingClientTests",
            dependencies: [
                "BackingClient", "TestSupport", "Time", "TransportSecurity",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(
            name: "TopologyTests",
            dependencies: [
                "Topology", "BackingClient", "TestSupport", "Time",
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        .testTarget(
            name: "RESPProxyTests",
            dependencies: ["RESPProxy", "TestSupport", "Time", .product(name: "NIOEmbedded", package: "swift-nio")]),
        .testTarget(
            name: "HTTPFacadeTests",
            dependencies: [
                "HTTPFacade", "TestSupport", "Time",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .testTarget(name: "RedisProxyTests", dependencies: ["RedisProxy", "Topology", "TestSupport", "Time"]),
        // The proxy's parts in one thread, without sockets, against a model of a server: every order of events can be played again.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "RESPProxy", "HTTPFacade", "Topology", "TransportSecurity", "TestSupport", "Time",
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        .testTarget(
            name: "SystemTests", dependencies: ["TestSupport", "CHiredis"], exclude: ["Fuzz/Conversations"]),
    ],
    swiftLanguageModes: [.v6]
)

// `make bench` sets this; nobody else has to build the micro-benchmarks.
if Context.environment["BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "MicroBenchmarks", dependencies: ["CHiredis", "LocalCache", "RESPParser", "Time"],
            path: "Benchmarks/Micro"))
}

// `make fuzz` sets this: libFuzzer brings the main function of these programs.
if Context.environment["FUZZ"] != nil {
    // Of the client, what reads replies is played. The rest of it would have BoringSSL compiled once more, which takes minutes.
    if let client = package.targets.first(where: { $0.name == "BackingClient" }) {
        let played = ["Framing", "Hiredis", "Replies"]
        let folder = "\(Context.packageDirectory)/Sources/BackingClient"
        client.exclude = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !played.contains($0) }
        client.dependencies = ["CHiredis", "RESPParser", .product(name: "NIOCore", package: "swift-nio")]
    }
    package.targets.append(.target(name: "FuzzSupport", path: "Fuzz/Support"))
    for (fuzzer, dependencies) in [
        ("CommandParser", ["ParserFeeds", "RESPParser"]),
        ("FrameScanner", ["CHiredis", "ParserFeeds", "RESPParser"]),
        ("ReplyReader", ["BackingClient", "ParserFeeds", "RESPParser"]),
    ] as [(String, [Target.Dependency])] {
        package.targets.append(
            .executableTarget(
                name: "Fuzz\(fuzzer)", dependencies: dependencies + ["FuzzSupport"], path: "Fuzz/\(fuzzer)",
                swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
    }
}

// `make check` and CI set this. Users with newer compilers, which may warn of more, do not.
if Context.environment["WARNINGS_AS_ERRORS"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
