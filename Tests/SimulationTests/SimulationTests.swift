import Foundation
import TestSupport
import Testing

/// One after the other: the time of a simulation is that of the process.
@Suite("the guarantee holds in every order of events", .serialized)
struct SimulationTests {
    private static func variable(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private static let stepsOfWorld = 20_000

    @Test("of the fixed seeds and of a new one, or for SOAK_SECONDS, or of SIMULATION_SEED")
    func seeds() throws {
        var totals = (worlds: 0, steps: 0, checked: 0, hits: UInt64(0))
        func play(_ seed: UInt64) throws -> Bool {
            let world = try World(seed: seed)
            try world.play(steps: Self.stepsOfWorld)
            totals.worlds += 1
            totals.steps += world.steps
            totals.checked += world.checked
            totals.hits += world.hits
            if let violation = world.violation { Issue.record("\(violation)") }
            return world.violation == nil
        }
        if let seed = Self.variable("SIMULATION_SEED") {
            _ = try play(seed)
        } else {
            let new = UInt64.random(in: 0...UInt64.max)
            print("simulation: the new seed is \(new)")
            let started = ContinuousClock.now
            for seed in Array(1...Self.fixedSeeds) + [new] { if try !play(seed) { break } }
            var next = new
            while let soak = Self.variable("SOAK_SECONDS"), ContinuousClock.now - started < .seconds(Int(soak)) {
                next &+= 1
                guard try play(next) else { break }
            }
        }
        print(
            "simulation: \(totals.worlds) seeds, \(totals.steps) steps, \(totals.checked) reads checked, "
                + "\(totals.hits) hits")
    }

    private static let fixedSeeds: UInt64 = 16
}
