/// How far a piece of work has come, told to whoever waits for it, who may ask it to stop.
///
/// What consists of parts gives each a range of its own; a part counts from 0 to 1 as if it were
/// the whole:
///
///     try record(text, progress: progress.part(0..<0.4, "recording"))
///     for layer in 0..<count {
///       try progress.part(0.4..<1).report(layer, of: count, "fitting layer \(layer)")
///     }
public struct Progress {
  /// What the receiver is told.
  public struct Report: Sendable, Equatable {
    /// Part of the whole work that is done, 0 to 1.
    public var fraction: Double
    /// What is being done; empty where nobody said.
    public var label: String
    /// What is counted meanwhile; nil where the fraction says it all.
    public var count: Count?
  }

  /// A number of things, of which some are done.
  public struct Count: Sendable, Equatable {
    public var done: Int
    /// nil where nobody knows how many there are.
    public var total: Int?
    public var unit: Unit

    public init(_ done: Int, of total: Int?, _ unit: Unit) {
      self.done = done
      self.total = total
      self.unit = unit
    }
  }

  /// What things are counted in.
  public enum Unit: Sendable, Equatable {
    case bytes
    /// Things with a name in the plural: `tokens`.
    case items(String)
  }

  private let receive: (Report) -> Bool
  private var start = 0.0
  private var length = 1.0
  private var label = ""

  /// `receive` gets every report, on the thread of the work, and returns false to stop it.
  public init(_ receive: @escaping (Report) -> Bool) { self.receive = receive }

  /// For work that nobody waits for.
  public static var none: Progress { Progress { _ in true } }

  /// A range of this work, for a part of it; without a label its reports keep this one's.
  public func part(_ range: Range<Double>, _ label: String? = nil) -> Progress {
    var part = self
    part.start = start + length * range.lowerBound
    part.length = length * (range.upperBound - range.lowerBound)
    part.label = label ?? self.label
    return part
  }

  /// The range of one of `count` equal parts.
  public func part(_ index: Int, of count: Int, _ label: String? = nil) -> Progress {
    part(Double(index) / Double(count)..<Double(index + 1) / Double(count), label)
  }

  /// Tells that this part of the work is done, 0 to 1. Throws `.cancelled` when asked to stop.
  public func report(_ fraction: Double, _ label: String? = nil) throws(SparrowError) {
    try report(fraction, label, count: nil)
  }

  /// Tells that so many of equal steps are done; throws as `report(_:_:)`.
  public func report(
    _ done: Int, of total: Int, _ label: String? = nil
  ) throws(SparrowError) {
    try report(Double(done) / Double(max(total, 1)), label, count: nil)
  }

  /// Tells what is counted; nothing of an unknown total is done. Throws as `report(_:_:)`.
  public func report(_ count: Count, _ label: String? = nil) throws(SparrowError) {
    try report(Double(count.done) / Double(max(count.total ?? .max, 1)), label, count: count)
  }

  private func report(
    _ fraction: Double, _ label: String?, count: Count?
  ) throws(SparrowError) {
    // Estimates of how much there is to do may be exceeded.
    let done = start + length * (fraction > 0 ? min(fraction, 1) : 0)
    guard receive(Report(fraction: done, label: label ?? self.label, count: count)) else {
      throw .stopped
    }
  }
}

extension SparrowError {
  /// What work throws that was asked to stop.
  public static let stopped = SparrowError(.cancelled, found: "stopped")
}
