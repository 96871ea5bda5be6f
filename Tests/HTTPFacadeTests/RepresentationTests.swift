import Testing

@testable import HTTPFacade

@Suite("Accept")
struct RepresentationTests {
    @Test(
        "the best quality wins, then the most specific range, then our own order",
        arguments: [
            (nil, .json), ("*/*", .json), ("application/json", .json), ("application/*", .json), ("", .json),
            ("application/octet-stream", .octetStream), ("text/plain", .text), ("text/*", .text), ("TEXT/Plain", .text),
            ("text/plain, application/json", .json), ("text/plain;q=0.9, application/json;q=0.8", .text),
            ("application/json;q=0, */*", .octetStream), ("*/*;q=0.1, text/plain", .text),
            ("text/*;q=0.5, application/octet-stream;q=0.6", .octetStream), ("text/plain; charset=utf-8", .text),
            ("text/html, application/xhtml+xml, */*;q=0.8", .json),
            ("application/*;q=0.2, application/octet-stream", .octetStream),
            ("text/plain ; Q=0.001", .text), ("image/png;a=\"x, application/json\", text/plain", .text),
            ("application/json;q=1.000", .json), ("nonsense", .json), ("text/plain;q=2, text/*;q=0.5", .text),
            ("*/plain, text/plain", .text), ("*/*, application/json;q=0.5", .octetStream),
        ] as [(String?, Representation)])
    func chooses(accept: String?, expected: Representation) {
        #expect(Representation.negotiate(accept) == expected)
    }

    @Test(
        "nothing acceptable is nothing",
        arguments: ["image/png", "*/*;q=0", "text/html, image/*", "application/json;q=0", "application/jso", "app/*"])
    func refuses(accept: String) {
        #expect(Representation.negotiate(accept) == nil)
    }
}
