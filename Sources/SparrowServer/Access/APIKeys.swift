import SparrowCore

/// The keys of those who may ask.
struct APIKeys: Sendable {
  private let hashes: [[UInt8]]

  init(_ keys: [String]) { hashes = keys.map(Self.hash) }

  private static func hash(_ key: String) -> [UInt8] {
    var hash = SHA256()
    hash.update(key)
    return hash.digest()
  }

  /// Throws 401 for a request without one of the keys. Takes as long for any wrong key.
  func check(_ request: ServerRequest) throws(APIError) {
    if hashes.isEmpty { return }
    let given = request[header: "x-api-key"] ?? Self.bearer(request) ?? ""
    let hash = Self.hash(given)
    var isKnown = false
    for known in hashes {
      var difference: UInt8 = 0
      for (a, b) in zip(known, hash) { difference |= a ^ b }
      isKnown = difference == 0 || isKnown
    }
    if isKnown { return }
    throw APIError(
      status: 401, "a key is needed: Authorization: Bearer KEY, or x-api-key: KEY",
      code: "invalid_api_key")
  }

  private static func bearer(_ request: ServerRequest) -> String? {
    guard let value = request[header: "authorization"] else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1].drop { $0 == " " })
  }
}
