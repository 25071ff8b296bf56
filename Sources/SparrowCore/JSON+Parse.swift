extension JSON {
  /// Nesting deeper than this is refused: the parser recurses, and no real file comes near it.
  static let maximumDepth = 128

  /// Parses one UTF-8 document (RFC 8259). Throws `.malformed` with the byte offset.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, file: String = ""
  ) throws(SparrowError) -> JSON {
    var parser = JSONParser(bytes: bytes, file: file)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.error("bytes after the document") }
    return value
  }

  /// Parses a mapped file, whose name the errors give.
  public static func parse(_ file: MappedFile) throws(SparrowError) -> JSON {
    defer { withExtendedLifetime(file) {} }
    return try parse(file.bytes, file: file.path)
  }

  /// Parses one document held in a string.
  public static func parse(_ text: String, file: String = "") throws(SparrowError) -> JSON {
    try parse(Array(text.utf8), file: file)
  }

  /// Parses one document held in an array.
  public static func parse(_ bytes: [UInt8], file: String = "") throws(SparrowError) -> JSON {
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(SparrowError) -> JSON in try parse(raw, file: file) }
    }
    return try result.get()
  }
}

private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let file: String
  var at = 0

  func error(_ found: String, expected: String = "JSON") -> SparrowError {
    SparrowError(.malformed, file: file, field: "byte \(at)", found: found, expected: expected)
  }

  mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }

  mutating func value(depth: Int) throws(SparrowError) -> JSON {
    guard depth < JSON.maximumDepth else { throw error("nested too deeply") }
    skipSpace()
    guard at < bytes.count else { throw error("end of file") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func word(_ text: StaticString, _ value: JSON) throws(SparrowError) -> JSON {
    let count = text.utf8CodeUnitCount
    guard bytes.count - at >= count,
      (0..<count).allSatisfy({ bytes[at + $0] == text.utf8Start[$0] })
    else { throw error("an unknown word") }
    at += count
    return value
  }

  mutating func object(depth: Int) throws(SparrowError) -> JSON {
    at += 1
    var members: [(key: String, value: JSON)] = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw error("no key", expected: "a key")
      }
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("no colon", expected: "':'") }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("an object that goes on", expected: "',' or '}'") }
    }
  }

  mutating func array(depth: Int) throws(SparrowError) -> JSON {
    at += 1
    var items: [JSON] = []
    skipSpace()
    if take("]") { return .array(items) }
    while true {
      items.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(items) }
      guard take(",") else { throw error("an array that goes on", expected: "',' or ']'") }
    }
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(character.value) else { return false }
    at += 1
    return true
  }

  /// One number by JSON's grammar, which is narrower than what `Int` and `Double` take.
  mutating func number() throws(SparrowError) -> JSON {
    let start = at
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    let leadingZero = at < bytes.count && bytes[at] == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0 else {
      at = start
      throw error("an unknown character", expected: "a value")
    }
    var isValid = !leadingZero || whole == 1
    var isInteger = true
    if take(".") {
      isInteger = false
      isValid = digits() > 0 && isValid
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      isValid = digits() > 0 && isValid
    }
    guard isValid, at - start <= 512 else {
      at = start
      throw error("no number", expected: "digits, a fraction and an exponent, no leading zero")
    }
    if isInteger, at - start <= 18 { return .integer(smallInteger(start..<at)) }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      at = start
      throw error("'\(text)'", expected: "a number of 64-bit floating point")
    }
    return .number(number)
  }

  /// The value of up to 18 characters, a sign and digits: without the string that `Int` wants.
  func smallInteger(_ range: Range<Int>) -> Int {
    let negative = bytes[range.lowerBound] == UInt8(ascii: "-")
    var value = 0
    for index in (range.lowerBound + (negative ? 1 : 0))..<range.upperBound {
      value = 10 * value + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return negative ? -value : value
  }

  /// Steps over decimal digits; returns how many.
  mutating func digits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") {
      at += 1
    }
    return at - start
  }

  mutating func string() throws(SparrowError) -> String {
    at += 1
    let start = at
    var union: UInt8 = 0
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"),
      bytes[at] >= 0x20
    {
      union |= bytes[at]
      at += 1
    }
    guard at < bytes.count else { throw error("end of file in a string") }
    if bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
      // ASCII needs no validation, and most of a vocabulary is that.
      guard union >= 0x80 else {
        return piece.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
      }
      return try decode(piece)
    }
    var buffer = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw error("end of file in a string") }
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        return try decode(buffer)
      case UInt8(ascii: "\\"): try escape(into: &buffer)
      case 0..<0x20: throw error("a control character in a string")
      default:
        buffer.append(byte)
        at += 1
      }
    }
  }

  func decode(_ utf8: some Collection<UInt8>) throws(SparrowError) -> String {
    guard let text = String(validating: utf8, as: UTF8.self) else {
      throw error("bytes that are not UTF-8", expected: "UTF-8")
    }
    return text
  }

  mutating func escape(into buffer: inout [UInt8]) throws(SparrowError) {
    at += 1
    guard at < bytes.count else { throw error("end of file in an escape") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex()
      if (0xD800..<0xDC00).contains(code), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        at += 2
        let low = try hex()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      buffer.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error("an unknown escape")
    }
  }

  mutating func hex() throws(SparrowError) -> UInt32 {
    guard bytes.count - at >= 4 else { throw error("end of file in an escape") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard
        let digit = Unicode.Scalar(bytes[at]).properties.isASCIIHexDigit
          ? UInt32(String(Unicode.Scalar(bytes[at])), radix: 16) : nil
      else { throw error("an escape that is not hexadecimal") }
      code = code << 4 | digit
      at += 1
    }
    return code
  }
}
