import SparrowCore
import SparrowEngine

extension SchedulerLoop {
  /// One step of prompts, in the order in which they came, up to as many rows as a step takes.
  func stepPrompts() {
    begin(.prompt, isDense: false)
    for request in running where request.givenLeft > 0 && batch.tokens.count < limits.rows {
      add(request, request.given(limits.rows - batch.tokens.count))
    }
    running.forEach { $0.mailbox.flush() }
    let start = monotonicSeconds()
    model.exclusively {
      model.backend.step(batch)
      var row = 0
      for (request, slice) in zip(rows, batch.slices) {
        readPrompt(request, rows: row..<row + slice.rows)
        row += slice.rows
      }
    }
    statistics.promptSteps += 1
    statistics.promptSeconds += monotonicSeconds() - start
    statistics.promptTokens += batch.tokens.count
    deliver()
  }

  /// Scores a prompt's rows where that is asked, and after its last row chooses by the head of its
  /// own choice, whoever shares the step.
  private func readPrompt(_ request: ScheduledRequest, rows: Range<Int>) {
    let backend = model.backend
    if request.wantsPromptScores {
      let first = request.filled - rows.count
      backend.logits(of: rows) { row, logits in
        let output = HeadOutput(row: row, logits: logits)
        request.scorePrompt(output, at: first + row - rows.lowerBound + 1)
      }
    }
    guard request.wantsToken else { return }
    let last = rows.upperBound - 1
    if !request.isDense { request.read(backend.output(row: last)) }
    if request.wantsDense { request.readDense(backend.denseOutput(row: last)) }
  }

  /// A token of each stream: those of one choice of plan together, in steps as wide as it allows.
  func stepStreams() {
    for isDense in [true, false] {
      let streams = running.filter { $0.isDense == isDense && $0.isStreaming }
      let width = isDense ? limits.rows : model.backend.sparseBatch
      for start in stride(from: 0, to: streams.count, by: width) {
        step(streams[start..<min(start + width, streams.count)], isDense: isDense)
      }
    }
  }

  private func step(_ streams: ArraySlice<ScheduledRequest>, isDense: Bool) {
    begin(.decode, isDense: isDense)
    for request in streams { add(request, CollectionOfOne(request.next)) }
    let reports = !isDense && streams.contains { $0.request.reportsActivity }
    batch.probes = reports ? activityProbes : nil
    let start = monotonicSeconds()
    model.exclusively {
      let backend = model.backend
      backend.step(batch)
      if rows.contains(where: \.wantsToken) {
        backend.outputs(rows: rows.count) { rows[$0.row].read($0) }
      }
      for (row, request) in rows.enumerated() where request.wantsDense {
        request.readDense(backend.denseOutput(row: row))
      }
    }
    statistics.decodeSteps += 1
    statistics.decodeSeconds += monotonicSeconds() - start
    deliver()
  }

  private func begin(_ phase: StepBatch.Phase, isDense: Bool) {
    batch.phase = phase
    batch.isDense = isDense
    batch.probes = nil
    batch.tokens.removeAll(keepingCapacity: true)
    batch.slices.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
  }

  private func add(_ request: ScheduledRequest, _ tokens: some Collection<Int32>) {
    batch.tokens.append(contentsOf: tokens)
    batch.slices.append(StepBatch.Slice(request.sequence!, rows: tokens.count))
    rows.append(request)
  }

  /// Gives every request what the step brought it.
  private func deliver() {
    for request in rows where request.deliver() { statistics.generatedTokens += 1 }
  }

  private var limits: BackendLimits { model.backend.limits }
}
