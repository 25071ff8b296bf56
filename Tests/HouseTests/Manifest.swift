/// The targets of `Package.swift` and what each depends on.
struct Manifest {
  struct Target {
    let name: String
    /// Where its files lie, from the root.
    let folder: String
    var edges: Set<String>
    /// Edges that must be used: all, but for tests, which get those of their room.
    var own: Set<String>

    /// Names of modules have no dashes.
    static func module(_ name: String) -> String {
      String(name.map { $0 == "-" ? "_" : $0 })
    }
  }

  var targets: [String: Target] = [:]

  init() throws {
    let words = SwiftWord.words(try House.bytes("Package.swift"))
    for (index, word) in words.enumerated() {
      guard case .name(let call) = word, index + 1 < words.count, words[index + 1] == .sign("(")
      else { continue }
      let arguments = Arguments(words[(index + 2)...])
      switch call {
      case "room":
        guard let name = arguments.first else { continue }
        let below = Set(arguments.lists[""] ?? [])
        let test = Set(arguments.lists["test"] ?? [])
        add(name, "Sources/" + name, below)
        let support: Set = [name, "SparrowTestSupport"]
        add(name + "Tests", "Tests/\(name)Tests", below.union(test).union(support), own: test)
      case "example":
        guard let name = arguments.first else { continue }
        add(
          "example-" + name.lowercased(), "Examples/" + name,
          Set(arguments.lists[""] ?? []).union(["ArgumentParser"]))
      case "target", "executableTarget", "testTarget":
        guard let name = arguments.named["name"], !arguments.isReference else { continue }
        let folder = (call == "testTarget" ? "Tests/" : "Sources/") + name
        add(
          name, arguments.named["path"] ?? folder, Set(arguments.lists["dependencies"] ?? []))
      default: continue
      }
    }
  }

  private mutating func add(
    _ name: String, _ folder: String, _ edges: Set<String>, own: Set<String>? = nil
  ) {
    targets[name] = Target(name: name, folder: folder, edges: edges, own: own ?? edges)
  }
}

/// A call's arguments that are plain strings or lists of names of targets.
private struct Arguments {
  /// The first argument, where it is a string without a label.
  var first: String?
  var named: [String: String] = [:]
  /// By label, empty for none: strings of lists, and names of the targets and products in them.
  var lists: [String: [String]] = [:]
  /// `.target(name:condition:)` inside a list of dependencies.
  var isReference = false

  init(_ words: ArraySlice<SwiftWord>) {
    var label = ""
    var (round, square) = (0, 0)
    var inner = ""
    var previous = SwiftWord.sign("(")
    for (word, next) in zip(words, words.dropFirst()) {
      defer { previous = word }
      switch word {
      case .sign("("): round += 1
      case .sign(")"):
        round -= 1
        if round < 0 { return }
      case .sign("["): square += 1
      case .sign("]"): square -= 1
      case .sign(",") where round == 0 && square == 0: label = ""
      case .name(let name) where next == .sign(":"):
        if round == 0, square == 0 { label = name } else { inner = name }
        if name == "condition", round == 0, square == 0 { isReference = true }
      case .string(let text):
        if square == 1, round == 0 || inner == "name" {
          lists[label, default: []].append(text)
        } else if square == 0, round == 0, next == .sign(",") || next == .sign(")") {
          if label.isEmpty { first = first ?? text }
          if previous == .sign(":") { named[label] = text }
        }
      default: break
      }
    }
  }
}
