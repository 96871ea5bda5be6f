import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The `Date` header field (RFC 9110, 5.6.7), made once a second.
struct HTTPDate {
    private var second = -1
    private var fields = ByteBuffer()

    /// The end of a response's head as of now: the line end of the field before, `Date`, and the empty line.
    mutating func endOfHead() -> ByteBuffer {
        var time = timespec()
        // Coarse: the second is all that is wanted, and this clock is the cheapest to ask.
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            fields = ByteBuffer(string: "\r\nDate: \(Self.format(max(0, second)))\r\n\r\n")
        }
        return fields
    }

    /// The same without the empty line and the line end before it, where other fields follow.
    mutating func field() -> ByteBuffer {
        var field = endOfHead()
        field.moveWriterIndex(to: max(field.readerIndex, field.writerIndex - 4))
        return field
    }

    /// - Parameter seconds: Since 1970-01-01 00:00:00 UTC; not before it.
    static func format(_ seconds: Int) -> String {
        let days = seconds / 86_400
        let time = seconds - days * 86_400
        let (year, month, day) = civil(days)
        // The epoch was a Thursday.
        let weekday = (days + 4) % 7
        return "\(weekdays[weekday]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// The Gregorian date of a day counted from 1970-01-01: found year by year and month by month, once a second at most.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        var year = 1970
        var left = days
        while left >= length(ofYear: year) {
            left -= length(ofYear: year)
            year += 1
        }
        var month = 1
        while left >= length(ofMonth: month, year: year) {
            left -= length(ofMonth: month, year: year)
            month += 1
        }
        return (year, month, left + 1)
    }

    private static func length(ofYear year: Int) -> Int {
        isLeap(year) ? 366 : 365
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
