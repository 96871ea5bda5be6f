import Foundation
import Testing

@Suite("the documentation names what is there")
struct DocumentationTests {
    /// README, CONTRIBUTING, CHANGELOG, and all of `docs/`.
    static let pages: [String] = {
        let folder = PackageFile.root.appendingPathComponent("docs").path
        let inFolder = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            + inFolder.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
    }()

    /// Those pages by their paths.
    private static let parsed = Dictionary(
        uniqueKeysWithValues: pages.map { page in (page, MarkdownPage((try? PackageFile.read(page)) ?? "")) })

    @Test("every link leads to a file that is there, and every anchor to a heading of it", arguments: pages)
    func links(page: String) throws {
        let content = try #require(Self.parsed[page])
        #expect(Self.brokenLinks(in: content, at: page) == [])
    }

    @Test("a link to a file or to a heading that is not there is found")
    func broken() {
        let text = """
            # One heading
            [a](#one-heading) [b](../LICENSE) [c](https://example.org/#x) [d](configuration.md#cache_capacity) `[e](f)`
            [g](#no-heading)
            ![h](nothing.svg) [i](configuration.md#no_option)

                [j](k)
            """
        #expect(
            Self.brokenLinks(in: MarkdownPage(text), at: "docs/page.md") == [
                "docs/page.md:3: #no-heading", "docs/page.md:4: nothing.svg",
                "docs/page.md:4: configuration.md#no_option",
            ])
    }

    @Test("every page of docs/ can be reached from its index")
    func index() throws {
        let linked = try #require(Self.parsed["docs/README.md"]).links.map { "docs/" + $0.target }
        #expect(Set(Self.pages.filter { $0.hasPrefix("docs/") && $0 != "docs/README.md" }).subtracting(linked) == [])
    }

    @Test("every path of this repository that is named as code is there", arguments: pages)
    func paths(page: String) throws {
        guard page != "CHANGELOG.md" else { return }  // It also tells of what was once there.
        let roots = ["Sources/", "Tests/", "Scripts/", "Benchmarks/", "Fuzz/", "docs/", "deploy/", ".ci/"]
        let targets = try FileManager.default.contentsOfDirectory(
            atPath: PackageFile.root.appendingPathComponent("Sources").path)
        var missing: [String] = []
        for (text, line) in try #require(Self.parsed[page]).code {
            guard text.wholeMatch(of: /[\w.+\/-]+/) != nil, let first = text.split(separator: "/").first else {
                continue
            }
            // The pages for developers leave out `Sources/`.
            if roots.contains(where: text.hasPrefix), !PackageFile.exists(text) {
                missing.append("\(page):\(line): \(text)")
            } else if text.contains("/"), targets.contains(String(first)), !PackageFile.exists("Sources/" + text) {
                missing.append("\(page):\(line): Sources/\(text)")
            }
        }
        #expect(missing == [])
    }

    @Test("every test that is named is there", arguments: pages)
    func tests(page: String) throws {
        guard page != "CHANGELOG.md" else { return }
        let named = try #require(Self.parsed[page]).code.filter { $0.text.wholeMatch(of: /[A-Z]\w+Tests/) != nil }
        let missing = named.filter { !Self.suites.contains($0.text) }.map { "\(page):\($0.line): \($0.text)" }
        #expect(missing == [])
    }

    @Test("every target of make that is named is there", arguments: pages)
    func makeTargets(page: String) throws {
        let makefile = try PackageFile.read("Makefile")
        let targets = Set(makefile.matches(of: /\n([a-z-]+):/).map { String($0.1) })
        let content = try #require(Self.parsed[page])
        var missing: [String] = []
        for (text, line) in content.code + content.blocks {
            for match in text.matches(of: /(?:^|\s)make ([a-z][a-z-]*)/) where !targets.contains(String(match.1)) {
                missing.append("\(page):\(line): make \(match.1)")
            }
        }
        #expect(missing == [])
    }

    private static func brokenLinks(in page: MarkdownPage, at path: String) -> [String] {
        page.links.filter { link in
            if link.target.contains("://") { return false }
            let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? path : resolved(parts[0], from: path)
            guard parts[0].isEmpty || PackageFile.exists(target) else { return true }
            guard parts.count > 1 else { return false }
            let anchors = parts[0].isEmpty ? page.anchors : parsed[target]?.anchors
            return anchors?.contains(String(parts[1])) != true
        }.map { "\(path):\($0.line): \($0.target)" }
    }

    /// The path in the package of what a page names relative to itself.
    private static func resolved(_ target: Substring, from page: String) -> String {
        var parts = page.split(separator: "/").dropLast()
        for part in target.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    /// The names of all suites, and of the targets that they are in.
    private static let suites: Set<String> = {
        var names: Set<String> = []
        let folder = PackageFile.root.appendingPathComponent("Tests")
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        {
            if file.pathExtension.isEmpty { names.insert(file.lastPathComponent) }
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else {
                continue
            }
            for match in text.matches(of: /(?:struct|class|enum) (\w+Tests)\b/) { names.insert(String(match.1)) }
        }
        return names
    }()
}
