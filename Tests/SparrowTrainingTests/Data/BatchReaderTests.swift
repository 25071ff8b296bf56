import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTraining

@Suite struct BatchReaderTests {
  private let folder: TemporaryFolder
  private let rows: TokenRows

  /// 40 documents of different lengths in rows of 16.
  init() throws {
    folder = try TemporaryFolder()
    let lines = (0..<40).map { line in
      "{\"text\": \"" + String(repeating: "word \(line) ", count: line % 7 + 1) + "\"}\n"
    }
    let path = try folder.write("a.jsonl", lines.joined())
    let data = try TrainingData(
      TrainingText([path]), tokenizer: TrainingTokenizer.make(), cache: folder.file("cache"))
    rows = try TokenRows(data.training, length: 16)
  }

  private func reader(
    batch: Int = 3, seed: UInt64 = 5, rank: Int = 0, of ranks: Int = 1,
    from position: BatchReader.Position = .init()
  ) throws -> BatchReader {
    try BatchReader(rows, batch: batch, seed: seed, rank: rank, of: ranks, from: position)
  }

  @Test func rowsTakeEachTokenAsATargetOnce() throws {
    let store = rows.store
    let batch = try rows.batch(0..<rows.count)
    #expect(batch.count == rows.count && batch.length == 16)
    #expect(batch.tokens.count == rows.count * 17 && batch.mask.count == rows.count * 16)
    #expect(batch.learnt == store.learnt)
    var targets: [Int32] = []
    for row in 0..<rows.count {
      targets += batch.tokens[row * 17 + 1..<(row + 1) * 17]
      if row > 0 { #expect(batch.tokens[row * 17] == batch.tokens[row * 17 - 1]) }
    }
    #expect(
      try Array(targets.prefix(store.count - 1))
        == (1..<store.count).map { try store.token(at: $0).id })
    #expect(
      targets.count - store.count + 1 < 16
        && targets.dropFirst(store.count - 1).allSatisfy { $0 == 0 })
  }

  @Test func documentsAreMarkedInEachRow() throws {
    let batch = try rows.batch(0..<rows.count)
    for row in 0..<rows.count {
      var start = 0
      for position in 0..<16 {
        let place = min(row * 16 + position, rows.store.count - 1)
        let isFilled = row * 16 + position >= rows.store.count
        if !isFilled, try rows.store.token(at: place).startsDocument { start = position }
        #expect(batch.starts[row * 16 + position] == start)
        // The target at a document's end is the next one's first token.
        if batch.tokens[row * 17 + position] == 0 { #expect(!batch.mask[row * 16 + position]) }
      }
    }
  }

  @Test func aTextShorterThanARowFillsOne() throws {
    let long = try TokenRows(rows.store, length: 4096)
    #expect(long.count == 1)
    let batch = try long.batch([0])
    #expect(batch.tokens.count == 4097 && batch.learnt == rows.store.learnt)
    #expect(!batch.mask[(rows.store.count - 1)...].contains(true))
    let exact = try TokenRows(rows.store, length: rows.store.count - 1)
    #expect(exact.count == 1)
    #expect(try TokenRows(rows.store, length: rows.store.count - 2).count == 2)
  }

  @Test func anEpochReadsEachRowOnceInAnOrderOfItsOwn() throws {
    let first = RowOrder(count: rows.count, seed: 5, epoch: 0)
    let orders = [(5, 0), (5, 1), (6, 0), (4, 1)].map { seed, epoch in
      let order = RowOrder(count: rows.count, seed: UInt64(seed), epoch: epoch)
      return (0..<rows.count).map { order[$0] }
    }
    #expect(orders.allSatisfy { $0.sorted() == Array(0..<rows.count) })
    #expect(Set(orders).count == 4 && orders[0] == (0..<rows.count).map { first[$0] })
  }

  /// Written down once: a change of the order would change every run that is resumed.
  @Test func theOrderStaysTheSame() {
    let order = RowOrder(count: 10, seed: 1, epoch: 2)
    #expect((0..<10).map { order[$0] } == [2, 1, 3, 6, 8, 9, 7, 4, 5, 0])
  }

  @Test func batchesResumeFromAnyPosition() throws {
    var whole = try reader()
    for _ in 0..<rows.count {
      var resumed = try reader(from: whole.position)
      for _ in 0..<2 {
        var copy = whole
        #expect(try copy.next() == resumed.next())
        #expect(copy.position == resumed.position)
        whole = copy
      }
    }
    #expect(whole.position.epoch >= 3)
  }

  @Test func ranksShareOutTheRowsOfOneReader() throws {
    for ranks in [1, 2, 3, 5] {
      var readers = try (0..<ranks).map { try reader(batch: 2, rank: $0, of: ranks) }
      var whole = try reader(batch: 2 * ranks)
      for _ in 0..<12 {
        let expected = try whole.next()
        let parts = try readers.indices.map { try readers[$0].next() }
        for row in 0..<2 * ranks {
          let part = parts[row % ranks]
          let place = row / ranks
          #expect(
            part.tokens[place * 17..<place * 17 + 17]
              == expected.tokens[row * 17..<row * 17 + 17][...])
        }
        #expect(readers.allSatisfy { $0.position == whole.position })
      }
    }
  }

  @Test func batchesWiderThanTheTextGoOnWithTheNextEpochs() throws {
    var wide = try reader(batch: rows.count * 2 + 1)
    #expect(try wide.next().count == rows.count * 2 + 1)
    #expect(wide.position == .init(epoch: 2, index: 1))
  }

  @Test func impossibleReadersAreRefused() throws {
    #expect(throws: SparrowError.self) { try reader(batch: 0) }
    #expect(throws: SparrowError.self) { try reader(rank: 2, of: 2) }
    #expect(throws: SparrowError.self) { try TokenRows(rows.store, length: 0) }
    let error = #expect(throws: SparrowError.self) {
      try reader(from: .init(epoch: 0, index: rows.count))
    }
    #expect(error?.kind == .mismatch)
  }
}
