/// The memory that this process may fill.
package enum MemoryAllowance {
  /// Bytes that are free now or can be made so, within the limits of the process's control groups;
  /// nil where the system does not tell.
  package static func current(root: String = "") -> Int? {
    let lines = (Files.textOfUnknownSize(root + "/proc/meminfo") ?? "").split(separator: "\n")
    let words = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ") ?? []
    let free = words.count == 3 ? Int(words[1]).map { $0 * 1024 } : nil
    return [free, ControlGroups(root: root).memoryLimit].compactMap { $0 }.min()
  }
}
