import Testing

/// The manifest says what the sources do.
struct ManifestTests {
  private let manifest: Manifest

  init() throws { manifest = try Manifest() }

  /// Modules that a target's files import, or whose headers they include.
  private func imports(_ target: Manifest.Target) throws -> Set<String> {
    var found: Set<String> = []
    for file in House.files(in: target.folder) {
      let words = SwiftWord.words(try House.bytes(file))
      for (word, next) in zip(words, words.dropFirst()) where word == .name("import") {
        if case .name(let module) = next { found.insert(module) }
      }
    }
    for file in House.files(in: target.folder, House.endingsOfC) {
      for line in try House.lines(file) where line.starts(with: "#include".utf8) {
        let parts = line.split { $0 == 34 || $0 == 60 || $0 == 46 }
        if parts.count > 1 { found.insert(String(decoding: parts[1], as: UTF8.self)) }
      }
    }
    return found
  }

  @Test("an import is an edge of the manifest, and an edge is used by an import")
  func edges() throws {
    #expect(manifest.targets.count > 30)
    let edges = manifest.targets.values.flatMap(\.edges)
    let modules = Set((manifest.targets.keys + edges).map(Manifest.Target.module))
    for target in manifest.targets.values.sorted(by: { $0.name < $1.name }) {
      let imports = try imports(target).intersection(modules)
      let edges = Set(target.edges.map(Manifest.Target.module))
      let own = Set(target.own.map(Manifest.Target.module))
      let missing = imports.subtracting(edges).subtracting([Manifest.Target.module(target.name)])
      #expect(missing.isEmpty, "\(target.name) imports \(missing.sorted()) without an edge")
      #expect(
        own.isSubset(of: imports),
        "\(target.name) has edges to \(own.subtracting(imports).sorted()) and imports none of it")
    }
  }

  @Test("no room stands above itself")
  func rooms() {
    #expect(cycles(manifest.targets.mapValues(\.edges)).isEmpty)
    #expect(cycles(["a": ["b"], "b": ["c"], "c": ["b"]]) == [["b", "c"]])
  }

  @Test("calibrating and evaluating stand side by side")
  func sideBySide() throws {
    let pair = ["SparrowCalibration", "SparrowEvaluation"]
    for (name, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
      for target in [name, name + "Tests"] {
        #expect(manifest.targets[target]?.edges.contains(other) == false)
      }
    }
  }

  @Test("one file above the floor that backends share names a backend")
  func backends() throws {
    let above = try House.files(in: "Sources").filter { file in
      let room = String(file.split(separator: "/")[1])
      guard !["SparrowCPU", "SparrowCUDA", "SparrowReference"].contains(room) else {
        return false
      }
      let names = ["SparrowCPU", "CPUEngine", "SparrowCUDA", "CUDAEngine", "SparrowReference"]
      return SwiftWord.words(try House.bytes(file)).contains {
        names.map(SwiftWord.name).contains($0)
      }
    }
    #expect(above == ["Sources/Sparrow/Model/BackendChoice.swift"])
  }
}
