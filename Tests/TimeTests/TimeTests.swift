import TestSupport
import Testing
import Time

@Suite("Moments and times")
struct TimeTests {
    @Test("a moment is moved, as far as moments go")
    func moments() {
        #expect(Instant.seconds(5) + .milliseconds(250) == 5_250_000_000)
        #expect(Instant.seconds(5) - .milliseconds(250) == 4_750_000_000)
        #expect(Instant.seconds(5) - .seconds(6) == .distantPast)
        #expect(Instant.distantFuture + .nanoseconds(1) == .distantFuture)
        #expect(Instant.seconds(5) + .nanoseconds(-1) == .seconds(5), "what is over is not waited for")
    }

    @Test("between two moments is a time, below zero from the later to the earlier one")
    func between() {
        #expect(Instant.seconds(7) - Instant.seconds(5) == .seconds(2))
        #expect(Instant.seconds(5) - Instant.seconds(7) == .seconds(-2))
    }

    @Test("a time that is longer than can be said lasts for ever")
    func saturation() {
        #expect(TimeSpan.seconds(.max) == .forever)
        #expect(TimeSpan.milliseconds(.max) == .forever)
        #expect(TimeSpan.forever + .nanoseconds(1) == .forever)
        #expect(TimeSpan.forever - .nanoseconds(-1) == .forever)
        #expect(TimeSpan.forever * 2 == .forever)
        #expect(TimeSpan.seconds(.min) < .zero)
        #expect(TimeSpan.forever * -2 < .zero)
    }

    @Test("the clock goes on")
    func clock() {
        let first = MonotonicClock.now()
        #expect(MonotonicClock.now() >= first)
    }
}
