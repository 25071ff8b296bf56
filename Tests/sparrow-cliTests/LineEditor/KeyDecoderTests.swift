import Testing

@testable import sparrow_cli

struct KeyDecoderTests {
  @Test(
    "the sequences that terminals send are keys",
    arguments: [
      ("\u{1B}[A", Key.up), ("\u{1B}OB", .down), ("\u{1B}[C", .right), ("\u{1B}[D", .left),
      ("\u{1B}[H", .home), ("\u{1B}OF", .end), ("\u{1B}[1~", .home), ("\u{1B}[4~", .end),
      ("\u{1B}[7~", .home), ("\u{1B}[8~", .end), ("\u{1B}[3~", .delete),
      ("\u{1B}[1;5C", .wordRight), ("\u{1B}[1;3D", .wordLeft), ("\u{1B}b", .alt("b")),
      ("\u{1B}\r", .newLine), ("\u{1B}\u{7F}", .alt("\u{7F}")), ("\u{7F}", .backspace),
      ("\u{8}", .backspace), ("\r", .enter), ("\n", .enter), ("\u{12}", .control("r")),
      ("\t", .text("\t")),
    ])
  func sequences(sent: String, key: Key) {
    var decoder = KeyDecoder()
    #expect(decoder.decode(sent.utf8) == [key])
    #expect(!decoder.isInDoubt)
  }

  @Test("keys are the same however their bytes are cut")
  func pieces() {
    let sent = Array("aé界🐦\u{1B}[1;5D\u{1B}[200~x\r\ny\u{1B}[20z\u{1B}[201~b\u{1B}[3~\r".utf8)
    var whole = KeyDecoder()
    let expected: [Key] = [
      .text("aé界🐦"), .wordLeft, .paste("x\ny\u{1B}[20z"), .text("b"), .delete, .enter,
    ]
    #expect(whole.decode(sent) == expected)
    for size in 1...5 {
      var decoder = KeyDecoder()
      var keys: [Key] = []
      for start in stride(from: 0, to: sent.count, by: size) {
        for key in decoder.decode(sent[start..<min(start + size, sent.count)]) {
          if case .text(let text) = key, case .text(let before) = keys.last {
            keys[keys.count - 1] = .text(before + text)
          } else {
            keys.append(key)
          }
        }
      }
      #expect(keys == expected, "\(size)")
    }
  }

  @Test("Escape by itself is a key once nothing follows it")
  func escape() {
    var decoder = KeyDecoder()
    #expect(decoder.decode([27]) == [] && decoder.isInDoubt)
    #expect(decoder.settle() == [.escape])
    #expect(!decoder.isInDoubt && decoder.settle() == [])
  }

  @Test("lines of pasted text end by line feeds, and nothing in it is a key")
  func paste() {
    var decoder = KeyDecoder()
    #expect(
      decoder.decode("\u{1B}[200~a\rb\r\nc\nd\u{3}\u{1B}[201~".utf8) == [.paste("a\nb\nc\nd\u{3}")])
  }

  @Test("no bytes trap, and what is unknown is dropped")
  func damaged() {
    var random = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = [
      27, 91, 79, 59, 126, 50, 48, 49, 0, 13, 65, 0x80, 0xC3, 0xE7, 0xF0, 255,
    ]
    for _ in 0..<2000 {
      var decoder = KeyDecoder()
      let bytes = (0..<20).map { _ in alphabet.randomElement(using: &random)! }
      _ = decoder.decode(bytes)
      _ = decoder.settle()
    }
    var decoder = KeyDecoder()
    #expect(decoder.decode("\u{1B}[99;9z\u{1B}[Ma".utf8) == [.text("a")])
  }
}
