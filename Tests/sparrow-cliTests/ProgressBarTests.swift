import SparrowCore
import Testing

@testable import sparrow_cli

struct ProgressBarTests {
  @Test("the line tells share, amount, rate and time, and fits the terminal")
  func line() {
    #expect(
      ProgressBar.line("x", 50, 100, .items("tokens"), rate: 25, columns: 80)
        == "x  " + String(repeating: "#", count: 14) + String(repeating: ".", count: 14)
        + "  50%  50 of 100 tokens  25.0 tokens/s  2 s left")
    #expect(
      ProgressBar.line("x", 1_500_000, nil, .bytes, rate: 3e6, columns: 80)
        == "x  1.50 MB  3.00 MB/s")
    #expect(
      ProgressBar.line("x", 620, 1000, nil, rate: 10, columns: 60)
        == "x  " + String(repeating: "#", count: 24) + String(repeating: ".", count: 16)
        + "  62%  38 s left")
    #expect(ProgressBar.line("asking x", 0, nil, .bytes, rate: nil, columns: 80) == "asking x …")
    for columns in [1, 2, 10, 30, 79] {
      let line = ProgressBar.line("a long label", 5, 9, .bytes, rate: 1, columns: columns)
      #expect(line.count < columns)
    }
  }

  @Test("nothing is drawn where there is no terminal, at most ten lines a second where there is")
  func draws() {
    final class Log { var lines: [String] = [] }
    let log = Log()
    let silent = ProgressBar(columns: nil) { log.lines.append($0) }
    silent.show("x", done: 1, total: 2, unit: .bytes)
    silent.clear()
    #expect(log.lines.isEmpty)
    let bar = ProgressBar(columns: 80) { log.lines.append($0) }
    for step in 0..<100 {
      bar.show("x", done: step, total: 100, unit: .bytes, now: Double(step) * 0.01)
    }
    bar.clear()
    #expect((10...12).contains(log.lines.count))
    #expect(log.lines.last == "\r\u{1B}[K")
  }

  @Test("numbers are short")
  func quantities() {
    #expect(Quantity.bytes(0) == "0 B")
    #expect(Quantity.bytes(98_362_432) == "98.4 MB")
    #expect(Quantity.bytes(999_999) == "1.00 MB")
    #expect(Quantity.bytes(1_234) == "1.23 kB")
    #expect(Quantity.fixed(-0.004, 2) == "0.00")
    #expect(Quantity.fixed(-1.005, 1) == "-1.0")
    #expect(Quantity.fixed(0.0625, 3) == "0.063")
    #expect(Quantity.number(.nan) == "-")
    #expect(Quantity.seconds(3.2) == "4 s")
    #expect(Quantity.seconds(125) == "2:05")
    #expect(Quantity.seconds(3723) == "1:02:03")
  }
}
