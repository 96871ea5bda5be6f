// Parser and cache by themselves, each beside what it is held against, in one process: a line of name and number for each figure.
//
//   MicroBenchmarks [quick]

let isQuick = CommandLine.arguments.dropFirst().contains("quick")
let comparison = Comparison(rounds: isQuick ? 3 : 15)

ParserBenchmarks(comparison: comparison, size: isQuick ? 1 << 20 : 4 << 20).run()
for entries in [1_000, 1_000_000] {
    CacheBenchmarks(comparison: comparison, entries: entries, lookUps: isQuick ? 100_000 : 500_000).run()
}
