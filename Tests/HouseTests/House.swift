import SparrowCore
import SparrowTestSupport

/// The repository's own files, read as text.
enum House {
  static let root = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
  }()

  static func bytes(_ path: String) throws -> [UInt8] { try contents(of: root + "/" + path) }

  /// Paths from the root of all files in a folder that end so.
  static func files(in folder: String, _ endings: [String] = [".swift"]) -> [String] {
    Files.allFiles(under: root + "/" + folder)
      .filter { name in endings.contains { name.hasSuffix($0) } }
      .map { folder + "/" + $0 }
  }

  /// Lines without their ends.
  static func lines(_ path: String) throws -> [ArraySlice<UInt8>] {
    try bytes(path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  }

  static let endingsOfC = [".c", ".h", ".cpp"]
}

/// The parts of a graph in which everything leads to everything else; an empty list if there is no
/// cycle (Tarjan 1972).
func cycles(_ edges: [String: Set<String>]) -> [Set<String>] {
  var order: [String: Int] = [:]
  var lowest: [String: Int] = [:]
  var stack: [String] = []
  var found: [Set<String>] = []
  func visit(_ node: String) {
    order[node] = order.count
    lowest[node] = order[node]
    stack.append(node)
    for next in (edges[node] ?? []).sorted() {
      if order[next] == nil { visit(next) }
      if stack.contains(next) { lowest[node] = min(lowest[node]!, lowest[next]!) }
    }
    guard lowest[node] == order[node] else { return }
    let start = stack.lastIndex(of: node)!
    if stack.count - start > 1 { found.append(Set(stack[start...])) }
    stack.removeSubrange(start...)
  }
  for node in edges.keys.sorted() where order[node] == nil { visit(node) }
  return found
}
