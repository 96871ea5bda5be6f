import Foundation

/// A loopback port that was free a moment ago: the kernel chose it. Another process may still be quicker, so whoever
/// uses it tries again with another when it turns out to be taken.
public func freePort() throws -> Int {
    let (descriptor, port) = try listenOnFreePort()
    close(descriptor)
    return port
}

/// Starts a program that listens on a port that was free a moment ago; where another process was quicker, on another one.
///
/// - Parameter start: Where the program cannot have the port, throws an error with what the program said.
func onFreePort<Started>(_ start: (_ port: Int) throws -> Started) throws -> Started {
    for _ in 1..<5 {
        do { return try start(freePort()) } catch  where "\(error)".contains("in use") { continue }
    }
    return try start(freePort())
}

/// A listening socket on a loopback port that the kernel chose.
func listenOnFreePort() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestSupportError("no socket: \(String(cString: strerror(errno)))") }
    var address = loopbackAddress(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(descriptor, pointer, length) == 0 && listen(descriptor, 128) == 0
                && getsockname(descriptor, pointer, &length) == 0
        }
    }
    guard done else {
        close(descriptor)
        throw TestSupportError("cannot listen on a free port: \(String(cString: strerror(errno)))")
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

func loopbackAddress(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    return address
}
