import TestSupport

extension HTTPClient {
    /// A number of the admin port's `/metrics`; nil where there is none.
    ///
    /// - Parameter sample: its name, with all its labels.
    func metric(_ sample: String) throws -> Int? {
        let line = try self.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix("\(sample) ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}
