import SparrowCore
import SparrowEngine

extension SchedulerLoop {
  /// One step of prompts, in the order in which they came, up to as many rows as a step takes.
  func stepPrompts() {
    var room = model.backend.limits.rows
    begin(.prompt, isDense: false)
    for request in running where request.givenLeft > 0 && room > 0 {
      let part = request.given(room)
      add(request, part)
      room -= part.count
    }
    running.forEach { $0.mailbox.flush() }
    let start = monotonicSeconds()
    model.exclusively {
      model.backend.step(batch)
      var row = -1
      for (index, request) in rows.enumerated() {
        row += batch.slices[index].rows
        chosen.append(request.isComplete ? choose(request, row: row) : -1)
      }
    }
    statistics.promptSteps += 1
    statistics.promptSeconds += monotonicSeconds() - start
    statistics.promptTokens += batch.tokens.count
    deliver()
  }

  /// A token of each stream: those of one choice of plan together, in steps as wide as it allows.
  func stepStreams() {
    for isDense in [true, false] {
      let streams = running.filter {
        $0.isDense == isDense && $0.givenLeft == 0 && !$0.mailbox.isFull
      }
      let width = isDense ? model.backend.limits.rows : sparseWidth
      for start in stride(from: 0, to: streams.count, by: width) {
        step(streams[start..<min(start + width, streams.count)], isDense: isDense)
      }
    }
  }

  private var sparseWidth: Int {
    let backend = model.backend
    return min(backend.plan.widestBatch, backend.limits.sparseSequences)
  }

  private func step(_ streams: ArraySlice<ScheduledRequest>, isDense: Bool) {
    begin(.decode, isDense: isDense)
    for request in streams { add(request, CollectionOfOne(request.next)) }
    let start = monotonicSeconds()
    model.exclusively {
      model.backend.step(batch)
      model.backend.outputs(rows: rows.count) { output in
        let request = rows[output.row]
        chosen.append(request.isComplete ? request.generation.choose(output) : -1)
      }
    }
    statistics.decodeSteps += 1
    statistics.decodeSeconds += monotonicSeconds() - start
    deliver()
  }

  private func begin(_ phase: StepBatch.Phase, isDense: Bool) {
    batch.phase = phase
    batch.isDense = isDense
    batch.tokens.removeAll(keepingCapacity: true)
    batch.slices.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    chosen.removeAll(keepingCapacity: true)
  }

  private func add(_ request: ScheduledRequest, _ tokens: some Collection<Int32>) {
    batch.tokens.append(contentsOf: tokens)
    batch.slices.append(StepBatch.Slice(request.sequence!, rows: tokens.count))
    rows.append(request)
  }

  /// The first token of a request, by the head of its own choice.
  private func choose(_ request: ScheduledRequest, row: Int) -> Int32 {
    if request.isDense {
      return request.generation.choose(
        HeadOutput(row: row, logits: model.backend.logits(rows: row..<row + 1)))
    }
    return request.generation.choose(model.backend.output(row: row))
  }

  /// Gives every request what was chosen for it.
  private func deliver() {
    for (request, token) in zip(rows, chosen) where token >= 0 {
      if request.generation.isEnded {
        request.finish()
        continue
      }
      request.take(token, model.tokenizer.bytes(of: token))
      statistics.generatedTokens += 1
    }
  }
}
