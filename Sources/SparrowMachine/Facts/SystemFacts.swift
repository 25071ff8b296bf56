internal import CSparrowSystem
internal import SparrowCore

/// Versions: Sparrow's, the operating system's, the kernel's and the C library's.
struct SystemFacts {
  var distribution: String
  var kernel: String
  var library: String

  init(root: String = "") {
    let release = Files.textOfUnknownSize(root + "/etc/os-release") ?? ""
    distribution = Self.prettyName(release) ?? "unknown system"
    kernel = String(cString: ss_kernel())
    library = String(cString: ss_library())
  }

  /// The value of `PRETTY_NAME`, which is quoted as a shell quotes.
  static func prettyName(_ release: String) -> String? {
    for line in release.split(whereSeparator: \.isNewline) where line.hasPrefix("PRETTY_NAME=") {
      let value = line.dropFirst(12).filter { $0 != "\"" && $0 != "'" && $0 != "\\" }
      return value.isEmpty ? nil : value
    }
    return nil
  }

  var findings: [Finding] {
    [
      Finding("sparrow", sparrowVersion, .string(sparrowVersion)),
      Finding(
        "system", "\(distribution), \(kernel), \(library)",
        [
          "distribution": .string(distribution), "kernel": .string(kernel),
          "c_library": .string(library),
        ]),
    ]
  }
}
