import ArgumentParser

/// A size of memory on the command line.
enum MemorySize {
  private static let units = ["": 1.0, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12]

  /// Bytes of `2GB`, `1.5 gb` or `4000000000`. Throws wrong usage for anything else.
  @Sendable static func bytes(_ text: String) throws -> Int {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.uppercased()
    guard let count = Double(String(number)), let size = units[unit], count * size >= 1,
      let bytes = Int(exactly: (count * size).rounded())
    else { throw ValidationError("--memory \(text): expected bytes, or a size as 500MB or 2GB") }
    return bytes
  }
}
