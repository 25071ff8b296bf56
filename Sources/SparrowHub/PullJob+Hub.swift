internal import SparrowCore

extension PullJob {
  /// Fetches a model from the Hugging Face hub, or from `HF_ENDPOINT`, all files from one commit.
  func fetchHub(_ repository: String, selection: String?) throws(SparrowError) -> Result {
    let address = endpoint + "/api/models/" + repository + "?blobs=true"
    let answer = try Curl.text(of: address, headers: headers(for: address), self)
    let listing = try HubListing(json: try JSON.parse(answer, file: address), file: address)
    let chosen = try listing.choose(selection, self)
    var downloads: [Download] = []
    for entry in chosen.files {
      let url =
        endpoint + "/" + repository + "/resolve/" + listing.commit + "/" + escaped(entry.name)
      var download = Download(
        name: entry.name.lastComponent, url: url, bytes: entry.bytes, hash: entry.hash,
        headers: try headers(for: url))
      if download.hash == nil { try download.ask(self) }
      downloads.append(download)
    }
    try requireSpace(for: downloads)
    var files: [PulledModel.File] = []
    for (index, download) in downloads.enumerated() {
      if let done = try download.alreadyReady(self) {
        files.append(done)
      } else {
        files.append(try download.fetch(self, index: index + 1, count: downloads.count))
      }
    }
    return Result(revision: listing.commit, entry: chosen.entry, files: files)
  }

  /// Fetches one file from a URL, whose server may tell a size and, if it is the hub's, a checksum.
  func fetchURL(_ url: String, sha256: String?) throws(SparrowError) -> Result {
    let name = ModelCache.fileName(ofURL: url)
    var download = Download(name: name, url: url, headers: try headers(for: url))
    try download.ask(self)
    if let sha256 { download.hash = .sha256(sha256) }
    try requireSpace(for: [download])
    let file = try download.fetch(self, index: 1, count: 1)
    return Result(revision: "", entry: name, files: [file])
  }

  /// Percent-encodes what a URL's path may not hold.
  private func escaped(_ path: String) -> String {
    var result = ""
    for byte in path.utf8 {
      let scalar = Unicode.Scalar(byte)
      if scalar.isASCII,
        scalar.properties.isAlphabetic || "0123456789-._~/".contains(Character(scalar))
      {
        result.unicodeScalars.append(scalar)
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
