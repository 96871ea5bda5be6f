/// Waits until `condition` holds, looking every 10 ms, and throws when it does not within the time given.
///
/// The limit is generous on purpose: it only has to tell "never" from "late on a busy machine".
public func eventually(
    within limit: Duration = .seconds(20), _ what: String = "condition", _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        if ContinuousClock.now >= deadline { throw TestSupportError("\(what): not within \(limit)") }
        pause(.milliseconds(10))
    }
}

/// The same for conditions that suspend.
public func eventually(
    within limit: Duration = .seconds(20), _ what: String = "condition", _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= deadline { throw TestSupportError("\(what): not within \(limit)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
