import Testing

@testable import SparrowCore

struct ProgressTests {
  /// What a receiver was told, which it lets go on `limit` times.
  private final class Log {
    var reports: [Progress.Report] = []
    var limit = Int.max
    lazy var progress = Progress { [unowned self] report in
      reports.append(report)
      return reports.count <= limit
    }
  }

  @Test("a part of a part counts from 0 to 1 within its own range of the whole")
  func nestedParts() throws {
    let log = Log()
    let part = log.progress.part(0.5..<0.9).part(1, of: 2)
    for fraction in [0, 0.25, 1] { try part.report(fraction) }
    try part.report(3, of: 4)
    let expected = [0.7, 0.75, 0.9, 0.85]
    for (report, expected) in zip(log.reports, expected) {
      #expect(abs(report.fraction - expected) < 1e-12)
    }
  }

  @Test("a report has the nearest label that was given")
  func labels() throws {
    let log = Log()
    try log.progress.report(0)
    let part = log.progress.part(0..<0.5, "fitting")
    try part.report(0.5)
    try part.part(0..<1).report(0.5)
    try part.report(0.5, "layer 3")
    #expect(log.reports.map(\.label) == ["", "fitting", "fitting", "layer 3"])
  }

  @Test("counts reach the receiver as they are, and tell the fraction where the total is known")
  func counts() throws {
    let log = Log()
    let part = log.progress.part(0.5..<1)
    try part.report(.init(30, of: 60, .items("tokens")))
    try part.report(.init(30, of: nil, .bytes), "downloading")
    #expect(abs(log.reports[0].fraction - 0.75) < 1e-12)
    #expect(log.reports[0].count == .init(30, of: 60, .items("tokens")))
    #expect(abs(log.reports[1].fraction - 0.5) < 1e-12)
    #expect(log.reports[1].count?.total == nil)
  }

  @Test("no fraction leaves its range, whatever is reported", arguments: [-1, 2, .infinity, .nan])
  func clamps(fraction: Double) throws {
    let log = Log()
    try log.progress.part(0.25..<0.5).report(fraction)
    #expect((0.25...0.5).contains(log.reports[0].fraction))
    try log.progress.report(0, of: 0)
    #expect(log.reports[1].fraction == 0)
  }

  @Test("work that is asked to stop throws that it was stopped, from any part")
  func stops() throws {
    let log = Log()
    log.limit = 1
    let part = log.progress.part(0..<0.5)
    try part.report(0)
    #expect(throws: SparrowError.stopped) { try part.report(0.5) }
    #expect(SparrowError.stopped.kind == .cancelled)
    try Progress.none.report(1)
  }
}
