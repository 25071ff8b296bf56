internal import SparrowCore

extension PullJob {
  /// Fetches a model from the Hugging Face hub, or from `HF_ENDPOINT`, all files from one commit.
  func fetchHub(_ repository: String, selection: String?) throws(SparrowError) -> Result {
    var endpoint = environment["HF_ENDPOINT"] ?? ""
    if endpoint.isEmpty { endpoint = "https://huggingface.co" }
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    let token = environment["HF_TOKEN"] ?? ""
    let headers = token.isEmpty ? [] : ["Authorization: Bearer " + token]

    let address = endpoint + "/api/models/" + repository + "?blobs=true"
    let answer = try Curl.text(of: address, headers: headers, self)
    let listing = try HubListing(json: try JSON.parse(answer, file: address), file: address)
    let chosen = try listing.choose(selection, self)
    var files: [PulledModel.File] = []
    for (index, entry) in chosen.files.enumerated() {
      let name = entry.name.lastComponent
      let download = Download(
        name: name,
        url: endpoint + "/" + repository + "/resolve/" + listing.commit + "/" + escaped(entry.name),
        bytes: entry.bytes, sha256: entry.sha256, version: entry.sha256 ?? entry.version,
        headers: headers)
      if let done = try alreadyReady(download) {
        files.append(done)
      } else {
        files.append(try download.fetch(self, index: index + 1, count: chosen.files.count))
      }
    }
    return Result(revision: listing.commit, entry: chosen.entry, files: files)
  }

  /// Fetches one file from a URL, whose server may tell a size and, if it is the hub's, a checksum.
  func fetchURL(_ url: String, sha256: String?) throws(SparrowError) -> Result {
    let fields = try Curl.fields(of: url, headers: [], self)
    let linked = fields["x-linked-etag"]?.filter { $0 != "\"" }.lowercased()
    let hash = sha256 ?? linked.flatMap { ModelSource.isSHA256($0) ? $0 : nil }
    let size = (fields["x-linked-size"] ?? fields["content-length"]).flatMap { Int($0) }
    let name = ModelCache.fileName(ofURL: url)
    let version = hash ?? fields["etag"] ?? fields["last-modified"] ?? ""
    let download = Download(
      name: name, url: url, bytes: size == 0 ? nil : size, sha256: hash, version: version)
    let file = try download.fetch(self, index: 1, count: 1)
    return Result(revision: "", entry: name, files: [file])
  }

  /// A file that an earlier, interrupted pull has finished, when the publisher's checksum proves it.
  private func alreadyReady(_ download: Download) throws(SparrowError) -> PulledModel.File? {
    let path = ready + "/" + download.name
    guard let sha256 = download.sha256, let size = Files.size(path), size == download.bytes,
      try digest(ofFile: path).hexDigest() == sha256
    else { return nil }
    return .init(name: download.name, bytes: size, sha256: sha256, checked: true)
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
