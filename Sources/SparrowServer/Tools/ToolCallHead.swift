import SparrowCore

/// The beginning of a call's object, up to its arguments.
enum ToolCallHead: Equatable {
  /// It may yet become one.
  case open
  /// It is none.
  case none
  /// The function's name, and where the arguments begin.
  case call(name: String, arguments: Int)

  private enum Stop: Error {
    case open
    case none
  }

  init(_ bytes: [UInt8], key: String) {
    do throws(Stop) {
      var reader = Reader(bytes: bytes)
      try reader.take("{")
      try reader.take("\"name\"")
      try reader.take(":")
      let name = try reader.string()
      try reader.take(",")
      try reader.take("\"" + key + "\"")
      try reader.take(":")
      try reader.skipSpace()
      guard bytes[reader.at] == UInt8(ascii: "{") else { throw .none }
      self = .call(name: name, arguments: reader.at)
    } catch {
      self = error == .open ? .open : .none
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func skipSpace() throws(Stop) {
      while at < bytes.count, [9, 10, 13, 32].contains(bytes[at]) { at += 1 }
      if at == bytes.count { throw .open }
    }

    mutating func take(_ text: String) throws(Stop) {
      try skipSpace()
      for byte in text.utf8 {
        guard at < bytes.count else { throw .open }
        guard bytes[at] == byte else { throw .none }
        at += 1
      }
    }

    mutating func string() throws(Stop) -> String {
      try skipSpace()
      let start = at
      guard bytes[at] == UInt8(ascii: "\"") else { throw .none }
      repeat {
        at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        if at >= bytes.count { throw .open }
      } while bytes[at] != UInt8(ascii: "\"")
      at += 1
      guard let text = (try? JSON.parse(Array(bytes[start..<at])))?.string else { throw .none }
      return text
    }
  }
}
