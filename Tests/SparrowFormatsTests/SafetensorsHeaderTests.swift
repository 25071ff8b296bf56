import SparrowCore
import Testing

@testable import SparrowFormats

@Suite struct SafetensorsHeaderTests {
  /// Two tensors of 8 and 4 bytes.
  private static let good =
    #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
    + #""b":{"dtype":"U8","shape":[2,2],"data_offsets":[8,12]}}  "#

  private func refuse(
    _ part: String, _ header: String, kind: SparrowError.Kind = .malformed, data: Int = 12,
    length: UInt64? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectError(part, kind, sourceLocation: sourceLocation) {
      _ = try parseSafetensors(safetensors(header: header, data: data, length: length))
    }
  }

  /// A header whose tensor "a" is described by `entry`.
  private func tensor(_ entry: String) -> String { #"{"a":{\#(entry)}}"# }

  @Test func readsTensorsAndAnnotations() throws {
    let header = try parseSafetensors(safetensors(header: Self.good, data: 12))
    #expect(header.tensors.map(\.name) == ["a", "b"])
    #expect(header.tensors.map(\.shape) == [[2], [2, 2]])
    #expect(header.tensors.map(\.byteCount) == [8, 4])
    #expect(header.tensors[0].offset == 8 + Self.good.utf8.count)
    #expect(header.annotations.map(\.key) == ["k"])
    #expect(header.annotations.map(\.value) == ["v"])
    #expect(try parseSafetensors(safetensors(header: "{}")).tensors.isEmpty)
  }

  @Test func headers() {
    refuse("at most 100000000", "{}", length: 100_000_001)
    refuse("at most 100000000", "{}", length: .max)
    refuse("a count that fits the file", "{}", data: 0, length: 3)
    refuse("no '{'", "", data: 0)
    refuse("no '{'", " {}", data: 0)
    refuse("no '{'", "[]", data: 0)
    refuse("bytes after the document", "{}x", data: 0)
    refuse("end of file", #"{"a":"#, data: 0)
    refuse("nested too deeply", #"{"a":"# + String(repeating: "[", count: 100_000), data: 0)
    expectError("bytes left") { _ = try parseSafetensors([]) }
    expectError("bytes left") { _ = try parseSafetensors([1, 0, 0]) }
  }

  @Test func names() {
    let entry = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    refuse("each name once", #"{"a":\#(entry),"a":\#(entry)}"#, data: 0)
    refuse("an empty name", #"{"":\#(entry)}"#, data: 0)
    refuse("a control character", #"{"a\u0000b":\#(entry)}"#, data: 0)
    refuse("half a surrogate pair", #"{"\ud800":1}"#, data: 0)
  }

  @Test func annotations() {
    refuse("no object", #"{"__metadata__":[]}"#, data: 0)
    refuse("no string", #"{"__metadata__":{"a":1}}"#, data: 0)
    refuse("a second value", #"{"__metadata__":{"a":"","a":""}}"#, data: 0)
  }

  @Test func fields() {
    refuse("0 values of 'dtype'", tensor(#""shape":[2],"data_offsets":[0,8]"#))
    refuse("2 values of 'dtype'", tensor(#""dtype":"F32","dtype":"F32","shape":[2]"#))
    refuse("0 values of 'dtype'", #"{"a":3}"#)
    refuse("a dtype that is no string", tensor(#""dtype":1,"shape":[2],"data_offsets":[0,8]"#))
    refuse(
      "dtype 'F8_E4M3' is not supported; expected one of I64, F64",
      tensor(#""dtype":"F8_E4M3","shape":[2],"data_offsets":[0,8]"#), kind: .unsupported)
    refuse("no list of dimensions", tensor(#""dtype":"F32","shape":2,"data_offsets":[0,8]"#))
    refuse(
      "at most 8 dimensions",
      tensor(#""dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]"#))
    for bad in ["-1", "1.5", "\"2\"", "1e3", "99999999999999999999", "1099511627777", "[1]"] {
      refuse("a dimension of", tensor(#""dtype":"F32","shape":[\#(bad)],"data_offsets":[0,8]"#))
    }
    for bad in ["3", "[0]", "[0,8,9]", "[0,\"8\"]", "[0,8.0]", "[0,1e30]"] {
      refuse(
        "no pair of data_offsets", tensor(#""dtype":"F32","shape":[2],"data_offsets":\#(bad)"#))
    }
  }

  @Test func sizes() {
    refuse("8 bytes; expected 12 for F32 of shape [3]", tensor(entry("[3]", "[0,8]")))
    refuse("a product under 2^63", tensor(entry("[1099511627776,1099511627776]", "[0,8]")))
    refuse("a size under 2^63", tensor(entry("[1099511627776,4194304]", "[0,8]")))
    for bad in ["[8,0]", "[-1,7]", "[0,13]", "[9223372036854775800,9223372036854775807]"] {
      refuse("data_offsets [", tensor(entry("[2]", bad)))
    }
  }

  private func entry(_ shape: String, _ offsets: String) -> String {
    #""dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)"#
  }

  @Test func places() {
    func two(_ a: String, _ b: String) -> String {
      #"{"a":{"dtype":"U8","shape":[8],"data_offsets":\#(a)},"#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":\#(b)}}"#
    }
    refuse("its bytes begin at 4; expected 8, without holes or overlaps", two("[0,8]", "[4,8]"))
    refuse("its bytes begin at 9; expected 8", two("[0,8]", "[9,13]"), data: 13)
    refuse("its bytes begin at 1; expected 0", two("[1,9]", "[9,13]"), data: 13)
    refuse("13 bytes; expected 12, the sum of the tensors", two("[0,8]", "[8,12]"), data: 13)
  }

  @Test func everyTruncationIsRefused() {
    let bytes = safetensors(header: Self.good, data: 12)
    for count in 0..<bytes.count {
      #expect(throws: SparrowError.self) { try parseSafetensors(Array(bytes[..<count])) }
    }
  }
}
