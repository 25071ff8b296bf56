internal import SparrowCore

/// A Python wheel, unpacked: a zip file whose `RECORD` names each file with its SHA-256.
struct Wheel {
  /// Where it lies unpacked.
  let folder: String
  /// The package's version, from its metadata.
  let version: String
  /// The packages that it says it needs, normalised, with the version where one is fixed.
  let requirements: [(name: String, version: String?)]
  /// Its files, relative to `folder`, each with the bytes and hash that `RECORD` gives.
  let files: [(name: String, bytes: Int, sha256: String)]

  /// Unpacks the wheel at `path` into the empty place `folder` and checks every file in it.
  init(
    unpacking path: String, to folder: String, _ job: PullJob, index: Int, count: Int
  ) throws(SparrowError) {
    let item = path.lastComponent
    try Files.remove(folder)
    try Files.makeFolder(folder)
    let unzip = Subprocess(
      arguments: ["python3", "-m", "zipfile", "-e", path, folder], environment: job.environment)
    let outcome = try unzip.run { _ throws(SparrowError) in
      try job.step(.unpacking, item, index: index, count: count)
    }
    guard outcome.status == 0 else {
      throw job.failure(.malformed, field: item, outcome.complaint, expected: "a wheel")
    }
    let infos = Files.names(in: folder).filter { $0.hasSuffix(".dist-info") }
    guard infos.count == 1, Files.isFile(folder + "/" + infos[0] + "/RECORD") else {
      throw job.failure(.malformed, field: item, "no RECORD", expected: "a wheel")
    }
    let info = folder + "/" + infos[0]
    let metadata = String(decoding: try Files.read(info + "/METADATA"), as: UTF8.self)
    let fields = metadata.split(whereSeparator: \.isNewline).prefix { $0.contains(":") }
    version = fields.lazy.compactMap { $0.removing("Version: ") }.first ?? ""
    requirements = fields.compactMap { $0.removing("Requires-Dist: ") }.map(Self.requirement)
    self.folder = folder

    let record = String(decoding: try Files.read(info + "/RECORD"), as: UTF8.self)
    var listed: [String: (digest: String, bytes: Int?)] = [:]
    for line in record.split(whereSeparator: \.isNewline) {
      guard let row = Self.row(String(line)) else {
        throw job.failure(.malformed, field: item + ": RECORD", String(line))
      }
      listed[row.name] = (row.digest, row.bytes)
    }
    var files: [(name: String, bytes: Int, sha256: String)] = []
    for name in Files.allFiles(under: folder) where name != infos[0] + "/RECORD" {
      let size = Files.size(folder + "/" + name) ?? 0
      let hash = try digest(ofFile: folder + "/" + name) { done throws(SparrowError) in
        try job.step(
          .checking, name.lastComponent, index: index, count: count, done: done, total: size)
      }
      guard let row = listed.removeValue(forKey: name), row.digest == base64(hash.digest()) else {
        throw job.failure(
          .mismatch, field: item + ": " + name, "SHA-256 \(hash.hexDigest())",
          expected: "what the wheel's RECORD says")
      }
      files.append((name, size, hash.hexDigest()))
    }
    listed[infos[0] + "/RECORD"] = nil
    if let missing = listed.keys.min() {
      throw job.failure(.malformed, field: item, "no file '\(missing)', which RECORD names")
    }
    self.files = files
  }

  /// One line of `RECORD`: a path, in quotes where it holds a comma, `sha256=` and its digest, a
  /// size.
  static func row(_ line: String) -> (name: String, digest: String, bytes: Int?)? {
    let parts = line.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return nil }
    var name = parts.dropLast(2).joined(separator: ",")
    if name.hasPrefix("\""), name.hasSuffix("\""), name.count >= 2 {
      name = String(name.dropFirst().dropLast()).components(separatedBy: "\"\"")
        .joined(separator: "\"")
    }
    let digest = parts[parts.count - 2]
    guard digest.isEmpty || digest.hasPrefix("sha256=") else { return nil }
    return (name, String(digest.dropFirst("sha256=".count)), Int(parts[parts.count - 1]))
  }

  /// A requirement's package and, where it is fixed by `==`, its version: `a-part1==1.0.0 ;
  /// marker`.
  static func requirement(_ text: String) -> (name: String, version: String?) {
    let bare = text.prefix { $0 != ";" }.filter { !$0.isWhitespace && !"()".contains($0) }
    let name = bare.prefix { $0.isLetter || $0.isNumber || "._-".contains($0) }
    let rest = String(bare.dropFirst(name.count)).removingPrefix("==")
    let version = rest.flatMap { $0.contains(",") || $0.contains("*") ? nil : $0 }
    return (ModelSource.normalised(package: String(name)), version)
  }
}

extension Substring {
  fileprivate func removing(_ prefix: String) -> String? { String(self).removingPrefix(prefix) }
}

/// Base64 as `RECORD` writes it: with `-` and `_`, without padding.
func base64(_ bytes: [UInt8]) -> String {
  let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
  var result = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for digit in 0...group.count { result.append(letters[bits >> (18 - 6 * digit) & 63]) }
  }
  return result
}
