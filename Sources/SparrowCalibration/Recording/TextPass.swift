internal import Sparrow
internal import SparrowEngine
internal import SparrowCore

/// One pass of a text through the model, for all that records it: which windows are held out, which
/// of their positions become samples, and where the pass goes on after it was stopped.
final class TextPass {
  /// What becomes of a position of a window.
  enum Place {
    case moments
    /// The sample of this number.
    case sample(Int)
    case nothing
  }

  /// Positions of held-out windows that predictors are measured on.
  static let usualSamples = 768

  let model: Model
  let text: StateRecorder
  /// Samples that the held-out windows give.
  let samples: Int
  /// Windows that were recorded before this process began.
  private(set) var resumedWindows = 0
  /// Windows recorded.
  private(set) var windows = 0
  private var heldOutWindows = 0
  /// Of each held-out window as many positions, at even distances.
  private let samplesPerWindow: Int

  /// At most `limit` samples, over all held-out windows.
  init(_ model: Model, _ text: StateRecorder, samples limit: Int) {
    self.model = model
    self.text = text
    let heldOut = self.text.heldOutCount
    let most = min(limit, heldOut * self.text.windowLength)
    samplesPerWindow = max(1, most / max(heldOut, 1))
    samples = min(heldOut * samplesPerWindow, most)
  }

  /// What the pass does, for people.
  var label: String {
    guard resumedWindows > 0 else { return "recording activations" }
    return "recording, resumed at \(resumedWindows) of \(text.count) windows"
  }

  /// Samples taken so far.
  var samplesTaken: Int { min(heldOutWindows * samplesPerWindow, samples) }

  /// What becomes of a position of the window in work.
  func place(of position: Int) -> Place {
    guard text.isHeldOut(windows) else { return position < text.skipped ? .nothing : .moments }
    let length = text.windowLength
    let place = position * samplesPerWindow / length
    // The last position of each stretch.
    guard (position + 1) * samplesPerWindow / length != place else { return .nothing }
    let sample = heldOutWindows * samplesPerWindow + place
    return sample < samples ? .sample(sample) : .nothing
  }

  /// Goes on behind the first windows.
  func skip(to done: Int) {
    windows = done
    heldOutWindows = (0..<done).count { text.isHeldOut($0) }
  }

  /// Runs the windows that are left past all recorders. With a file, goes on where the file's run
  /// stopped, keeps there what was recorded from time to time, and when stopped, which throws
  /// `.cancelled`; and all of it at the end where another pass follows.
  func run(
    _ recorders: [any WindowRecorder], file: RecordingFile? = nil,
    isFollowed: Bool = false, progress: Progress
  ) throws(SparrowError) {
    let keeper = file.map { RecordingKeeper($0, pass: self, recorders) }
    keeper?.restore()
    resumedWindows = windows
    let observer = StepProbes(observer: { seen in recorders.forEach { $0.observe(seen) } })
    try text.run(
      hidden: model.configuration.hidden, from: windows, observer
    ) { window, _ throws(SparrowError) in
      for recorder in recorders { recorder.endWindow() }
      if text.isHeldOut(window) { heldOutWindows += 1 }
      windows = window + 1
      do throws(SparrowError) {
        try progress.report(windows, of: text.count, label)
        keeper?.save(isLast: false)
      } catch {
        keeper?.save(isLast: true)
        throw error
      }
    }
    if isFollowed { keeper?.save(isLast: true) }
  }
}
