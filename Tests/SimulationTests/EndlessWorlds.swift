import Foundation
import Synchronization

/// Names the seed of a world that takes so long that it may never end: a loop that goes on without time passing, say.
final class EndlessWorlds: Sendable {
    private struct World {
        var seed: UInt64
        var began: ContinuousClock.Instant
    }

    private let world = Mutex<World?>(nil)
    private let limit: Duration

    /// - Parameter limit: Far longer than a world takes on a busy machine, built debug.
    init(limit: Duration = .seconds(300)) {
        self.limit = limit
        let thread = Thread { [weak self] in
            while let self {
                self.look()
                Thread.sleep(forTimeInterval: 1)
            }
        }
        thread.start()
    }

    func begins(_ seed: UInt64) { self.world.withLock { $0 = World(seed: seed, began: .now) } }

    private func look() {
        let endless = self.world.withLock { world -> World? in
            guard let current = world, ContinuousClock.now - current.began > self.limit else { return nil }
            // Said once.
            world = nil
            return current
        }
        if let endless {
            print("simulation: the world of SIMULATION_SEED=\(endless.seed) has not ended for \(self.limit)")
        }
    }
}
