import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Makes blanks of the tabs at the ends of lines, before the parser sees them.
///
/// White space behind a field's value is no part of it (RFC 9110, 5.5), but the parser takes a tab behind `Content-Length` or
/// `Transfer-Encoding` for a wrong value. Bodies pass through here too; they are read past, and keep their length.
struct TrailingTabs {
    /// Tabs and blanks at the end of what came: what follows tells whether they end a line.
    private var held = ByteBuffer()
    /// More than this is passed on as it is.
    private static let limit = 1024

    /// - Returns: What may be passed on; the rest is held back until more comes. nil: all of `bytes`, as they are.
    mutating func replace(in bytes: ByteBuffer) -> ByteBuffer? {
        guard held.readableBytes > 0 || Self.hasTab(bytes) else { return nil }
        return replaceAll(in: bytes)
    }

    private mutating func replaceAll(in bytes: ByteBuffer) -> ByteBuffer {
        var joined = held
        held = ByteBuffer()
        joined.writeImmutableBuffer(bytes)
        let view = joined.readableBytesView
        var tabs: [Int] = []
        var output = joined
        for index in view.indices {
            switch view[index] {
            case Self.tab:
                tabs.append(index)
            case UInt8(ascii: " "):
                break
            case 0x0D:
                for tab in tabs { output.setInteger(UInt8(ascii: " "), at: tab) }
                tabs.removeAll(keepingCapacity: true)
            default:
                tabs.removeAll(keepingCapacity: true)
            }
        }
        if let first = tabs.first, view.endIndex - first <= Self.limit {
            held = ByteBuffer(joined.readableBytesView[first...])
            output.moveWriterIndex(to: first)
        }
        return output
    }

    /// Nearly always there is none, which `memchr` tells sooner than a loop over the bytes.
    private static func hasTab(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return memchr(start, Int32(tab), bytes.count) != nil
        }
    }

    private static let tab = UInt8(ascii: "\t")
}
