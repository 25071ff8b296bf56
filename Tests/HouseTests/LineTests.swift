import Testing

/// Files and lines are short, and nothing is said twice.
struct LineTests {
  private static let sources =
    House.files(in: "Sources") + House.files(in: "Tests")
    + House.files(in: "Examples") + ["Package.swift"]

  @Test("a file has at most 400 lines, a line at most 100 columns")
  func lengths() throws {
    #expect(Self.sources.count > 500)
    for file in Self.sources {
      let lines = try House.lines(file)
      #expect(lines.count <= 401, "\(file) has \(lines.count - 1) lines")
      for (index, line) in lines.enumerated() where line.count > 100 {
        let width = String(decoding: line, as: UTF8.self).count
        #expect(width <= 100, "\(file):\(index + 1) has \(width) columns")
      }
    }
    for file in House.files(in: "Sources", House.endingsOfC) {
      let count = try House.lines(file).count - 1
      #expect(count <= 400, "\(file) has \(count) lines")
    }
  }

  /// A line's words one space apart; nil for lines that say nothing, and for imports.
  private static func normalized(_ line: ArraySlice<UInt8>) -> [UInt8]? {
    let words = line.split { $0 == 32 || $0 == 9 }
    let joined = Array(words.joined(separator: [32]))
    let isImport = words.prefix(2).contains { $0.elementsEqual("import".utf8) }
    if isImport || joined.starts(with: "#include".utf8) { return nil }
    return joined.allSatisfy { "{}()[],;".utf8.contains($0) } ? nil : joined
  }

  @Test("no run of ten lines stands twice in the sources")
  func copies() throws {
    var seen: [[Int]: String] = [:]
    var told: Set<String> = []
    for file in House.files(in: "Sources", [".swift"] + House.endingsOfC) {
      let lines = try House.lines(file).enumerated().compactMap { index, line in
        Self.normalized(line).map { (number: index + 1, hash: $0.hashValue) }
      }
      guard lines.count >= 10 else { continue }
      for start in 0...lines.count - 10 {
        let run = lines[start..<start + 10].map(\.hash)
        let place = "\(file):\(lines[start].number)"
        // Once a file: a longer copy is many runs.
        if let first = seen.updateValue(place, forKey: run), told.insert(file).inserted {
          Issue.record("ten lines stand at \(first) and at \(place)")
        }
      }
    }
  }
}
