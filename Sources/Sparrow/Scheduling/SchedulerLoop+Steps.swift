import SparrowCore
import SparrowEngine

extension SchedulerLoop {
  /// One step of prompts, in the order in which they came, up to as many rows as a step takes.
  func stepPrompts() {
    begin(.prompt, isDense: false)
    for request in running where request.givenLeft > 0 {
      let part = request.given(limits.rows - batch.tokens.count)
      // Long texts of some models are turned anew, and their pages with them.
      guard !part.isEmpty, makeRoom(for: request, rows: part.count) else { continue }
      add(request, part)
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

  /// Streams whose next token makes their text long for a model that turns long texts otherwise:
  /// their text runs anew, in pieces as prompts do, so that nobody waits for the whole of it.
  func beginLongTexts() {
    guard let beyond = model.configuration.longRotaryBeyond else { return }
    for request in running where request.filled == beyond && request.isStreaming {
      request.beginLong()
    }
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
    if !request.isDense || backend.plan.head == nil {
      request.read(backend.output(row: last, amongGreatest: request.readsGreatest))
    }
    readWanted(request, row: last)
    if request.wantsDense { request.readDense(backend.denseOutput(row: last)) }
  }

  /// A token of each stream: those of one choice of plan together, in steps as wide as it allows.
  func stepStreams() {
    // Readers may catch up at any time: who streams is settled here, with room for all.
    streams.removeAll(keepingCapacity: true)
    for request in running where request.isStreaming && makeRoom(for: request, rows: 1) {
      streams.append(request)
    }
    for isDense in [true, false] {
      let width = isDense ? limits.rows : model.backend.sparseBatch
      begin(.decode, isDense: isDense)
      for request in streams where request.isDense == isDense {
        add(request, CollectionOfOne(request.next))
        if rows.count == width { stepDecode() }
      }
      if !rows.isEmpty { stepDecode() }
    }
  }

  private func stepDecode() {
    let backend = model.backend
    let reports = !batch.isDense && rows.contains { $0.request.reportsActivity }
    batch.probes = reports ? activityProbes : nil
    let samples = !batch.isDense && backend.plan.isSparse && inbox.samplesRecall
    if samples { model.exclusively { recall.prepare(backend) } }
    let audit = samples ? recall.next() : nil
    if let audit {
      batch.probes = StepProbes(audit: audit, selections: batch.probes?.selections)
    }
    let start = monotonicSeconds()
    model.exclusively {
      backend.step(batch)
      var candidates: [Int: [Int32]] = [:]
      if rows.contains(where: \.wantsToken) {
        // One request that reads all logits has them all copied at once.
        let amongGreatest = rows.allSatisfy { $0.readsGreatest || !$0.wantsToken }
        (amongGreatest ? backend.greatest : backend.outputs)(0..<rows.count) { output in
          rows[output.row].read(output)
          guard audit != nil, !output.areGreatest, let ids = output.ids else { return }
          candidates[output.row] = Array(ids)
        }
      }
      for (row, ids) in candidates {
        let kept = backend.plan.head?.plan.kept ?? 1
        recall.note(candidates: ids, backend.denseOutput(row: row), kept: kept)
      }
      for (row, request) in rows.enumerated() { readWanted(request, row: row) }
      for (row, request) in rows.enumerated() where request.wantsDense {
        request.readDense(backend.denseOutput(row: row))
      }
    }
    statistics.decodeSteps += 1
    statistics.decodeSeconds += monotonicSeconds() - start
    if audit != nil || statistics.decodeSteps % Self.sparsityPace == 0 { tellSparsity() }
    deliver()
  }

  /// Of a few tokens that are allowed all logits are read, whatever the sparse head found.
  private func readWanted(_ request: ScheduledRequest, row: Int) {
    guard let ids = request.wantedRows else { return }
    request.read(model.backend.output(row: row, of: ids))
  }

  private func begin(_ phase: StepBatch.Phase, isDense: Bool) {
    batch.phase = phase
    batch.isDense = isDense
    batch.probes = nil
  }

  private func add(_ request: ScheduledRequest, _ tokens: some Collection<Int32>) {
    batch.tokens.append(contentsOf: tokens)
    batch.slices.append(StepBatch.Slice(request.sequence!, rows: tokens.count))
    rows.append(request)
  }

  /// Gives every request what the step brought it, and keeps nobody's pages.
  private func deliver() {
    // What a lost device computes is nothing.
    if model.backend.failure == nil {
      for request in rows {
        share(request)
        if request.deliver() { statistics.generatedTokens += 1 }
      }
    }
    batch.tokens.removeAll(keepingCapacity: true)
    batch.slices.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
  }

  /// Tells how much of what is sparse tokens touch: a sum over all layers, now and then.
  func tellSparsity() {
    let backend = model.backend
    model.exclusively {
      statistics.touched = backend.touched
      statistics.recall = recall.found
      statistics.bytesPerToken = backend.bytesPerToken
      statistics.denseBytesPerToken = backend.denseBytesPerToken
    }
  }

  private var limits: BackendLimits { model.backend.limits }
}
