import Configuration
import Glibc

let command = RedisProxyCommand(
    arguments: Array(CommandLine.arguments.dropFirst()),
    environment: EnvironmentVariablesProvider(),
    output: { StandardStream.output.write($0) },
    errorOutput: { StandardStream.error.write($0) },
    serve: { settings in
        BrokenPipe.ignore()
        HangUp.ignore()
        let logger = try StandardErrorLog.start(level: settings.process.logLevel)
        defer { StandardErrorLog.flush() }
        return try await ProxyProcess(settings: settings, logger: logger).run()
    })
exit(await command.run())
