internal import CSparrowKernels
import SparrowCore
import SparrowTransformer

/// Norms and rotates query and key heads, and writes keys and values into the cache.
struct AttentionHeadsKernel: BitwiseCopyable {
  let attention: AttentionShape
  /// nil where heads are not normed each by itself.
  let queryNorm: AttentionHeadNorm?
  let keyNorm: AttentionHeadNorm?
  let valueNorm: AttentionHeadNorm?
  /// Cosines and sines `[tokens][rotary / 2]`; nil without rotary positions.
  let cosine: UnsafePointer<Float>?
  let sine: UnsafePointer<Float>?
  let rotary: Int
  let interleaved: Bool
  var query: StepBuffer
  let key: StepBuffer
  let value: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let heads = attention.heads + attention.keyValueHeads
    for index in 0..<step.segmentCount {
      let segment = step.segments[index]
      for item in worker.share(of: segment.rows * heads) {
        let row = segment.firstRow + item / heads
        let head = item % heads
        if head < attention.heads {
          prepareQuery(head: head, row: row)
          continue
        }
        append(
          head: head - attention.heads, position: segment.firstPosition + item / heads, row: row,
          segment)
      }
    }
  }

  /// Cosines and sines of one position, `[rotary / 2]` each.
  struct Rotation: BitwiseCopyable {
    let cosine: UnsafePointer<Float>
    let sine: UnsafePointer<Float>
  }

  /// What heads of a row of the step are rotated by; nil without rotary positions.
  func rotation(row: Int) -> Rotation? {
    guard let cosine, let sine else { return nil }
    let offset = row * rotary / 2
    return Rotation(cosine: cosine + offset, sine: sine + offset)
  }

  func prepareQuery(head: Int, row: Int) {
    prepare(
      query.row(row) + head * attention.headDimension, head, queryNorm, rotation(row: row))
  }

  /// A key/value head of a row of the step.
  func append(head: Int, position: Int, row: Int, _ segment: StepSegment) {
    let start = head * attention.headDimension
    append(
      key: key.row(row) + start, value: value.row(row) + start, rotation(row: row), head: head,
      position: position, segment)
  }

  /// Norms and rotates `key`, and writes both into the cache.
  func append(
    key: UnsafeMutablePointer<Float>, value: UnsafeMutablePointer<Float>, _ rotation: Rotation?,
    head: Int, position: Int, _ segment: StepSegment
  ) {
    prepare(key, head, keyNorm, rotation)
    valueNorm?.apply(to: value, head, Int32(attention.headDimension))
    let cached = attention.cached(head, segment)
    let keys = Int(SK_ATTEND_KEYS)
    let page = segment.pages[position / keys]!
    let row = page + position % keys * attention.headDimension * segment.type.bytes
    store(key, row + Int(cached.keys), segment.type)
    store(value, row + Int(cached.values), segment.type)
  }

  private func store(
    _ x: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer, _ type: CacheType
  ) {
    let dimension = attention.headDimension
    switch type {
    case .f16: sk_to_f16(x, target.assumingMemoryBound(to: UInt16.self), Int32(dimension))
    case .f32: target.copyMemory(from: x, byteCount: 4 * dimension)
    }
  }

  private func prepare(
    _ x: UnsafeMutablePointer<Float>, _ head: Int, _ norm: AttentionHeadNorm?, _ rotation: Rotation?
  ) {
    let dimension = Int32(attention.headDimension)
    norm?.apply(to: x, head, dimension)
    if let rotation {
      sk_rotate(
        x, 1, dimension, Int32(rotary), rotation.cosine, rotation.sine, interleaved ? 1 : 0)
    }
  }
}

/// The norm of single heads.
struct AttentionHeadNorm: BitwiseCopyable {
  let isRMS: Bool
  let epsilon: Float
  let weight: UnsafePointer<Float>?
  /// Elements from one head's weights to the next one's; 0 where all have the same.
  let stride: Int

  func apply(to x: UnsafeMutablePointer<Float>, _ head: Int, _ dimension: Int32) {
    let own = weight.map { $0 + head * stride }
    if isRMS {
      sk_rms_norm(x, own, epsilon, dimension, x)
    } else {
      sk_layer_norm(x, own, nil, epsilon, dimension, x)
    }
  }
}

/// The sizes by which a layer finds its keys and values in a cache.
struct AttentionShape: BitwiseCopyable {
  let heads: Int
  let keyValueHeads: Int
  let headDimension: Int
  /// Elements per position that the layers before this one take.
  let elementsBefore: Int

  /// Query heads of a head group, and elements of their queries.
  var groupHeads: Int { heads / keyValueHeads }
  var groupWidth: Int { groupHeads * headDimension }

  /// A key/value head in the pages of a sequence, `[layer][key or value][head][64][headDimension]`.
  func cached(_ head: Int, _ segment: StepSegment) -> sk_cached_head {
    let position = Int(SK_ATTEND_KEYS) * segment.type.bytes
    let keys = elementsBefore + head * headDimension
    return sk_cached_head(
      pages: segment.pages, keys: Int64(keys * position),
      values: Int64((keys + keyValueHeads * headDimension) * position))
  }
}

/// Softmax attention over the cache.
struct AttendKernel: BitwiseCopyable {
  /// Rows that one call takes in prefill.
  static let block = 64

  let layer: Int
  let attention: AttentionShape
  /// What the layer's projections read.
  let input: StepBuffer
  /// Every row of a step sees all of them.
  let isBidirectional: Bool
  let parameters: UnsafePointer<sk_attention>
  var query: StepBuffer
  var output: StepBuffer
  let scratch: PerWorker<UInt8>

  func run(_ worker: Worker, _ step: StepState) {
    for index in 0..<step.segmentCount {
      let segment = step.segments[index]
      if isBidirectional {
        encode(worker, segment)
      } else if segment.rows == 1 {
        decode(worker, segment, turn: index)
      } else if segment.rows <= Self.block {
        few(worker, segment)
      } else {
        prefill(worker, segment)
      }
    }
  }

  /// Query heads are shared out in adjacent runs, cut where the key/value head changes.
  private func decode(_ worker: Worker, _ segment: StepSegment, turn: Int) {
    // Sequences take turns in giving the first worker the larger part.
    let shifted = (worker.index + turn) % worker.count
    let first = attention.heads * shifted / worker.count
    let last = attention.heads * (shifted + 1) / worker.count
    let group = attention.groupHeads
    var head = first
    while head < last {
      let keyHead = head / group
      let count = min(last, (keyHead + 1) * group) - head
      attend(worker, segment, head: head, heads: count, keyHead: keyHead, row: 0, rows: 1)
      head += count
    }
  }

  /// Rows of all head groups as one run, cut where the head group changes: every worker gets as
  /// many, however few head groups there are, and rows of one group share its keys.
  private func few(_ worker: Worker, _ segment: StepSegment) {
    let group = attention.groupHeads
    let share = worker.share(of: attention.keyValueHeads * segment.rows)
    var item = share.lowerBound
    while item < share.upperBound {
      let (keyHead, row) = item.quotientAndRemainder(dividingBy: segment.rows)
      let count = min(share.upperBound - item, segment.rows - row)
      attend(
        worker, segment, head: keyHead * group, heads: group, keyHead: keyHead, row: row,
        rows: count)
      item += count
    }
  }

  /// Blocks of rows by head groups, dealt out in turn, since later rows see more keys.
  private func prefill(_ worker: Worker, _ segment: StepSegment) {
    let group = attention.groupHeads
    let blocks = (segment.rows + Self.block - 1) / Self.block
    var item = worker.index
    while item < blocks * attention.keyValueHeads {
      let row = item / attention.keyValueHeads * Self.block
      let keyHead = item % attention.keyValueHeads
      attend(
        worker, segment, head: keyHead * group, heads: group, keyHead: keyHead, row: row,
        rows: min(Self.block, segment.rows - row))
      item += worker.count
    }
  }

  /// Each row as if it were the last: nothing that the step has appended lies behind it.
  private func encode(_ worker: Worker, _ segment: StepSegment) {
    let group = attention.groupHeads
    for item in worker.share(of: segment.rows * attention.keyValueHeads) {
      let keyHead = item % attention.keyValueHeads
      attend(
        worker, segment, head: keyHead * group, heads: group, keyHead: keyHead,
        row: item / attention.keyValueHeads, rows: 1)
    }
  }

  /// Query heads `head` to `head + heads` of `rows` rows of the segment.
  func attend(
    _ worker: Worker, _ segment: StepSegment, head: Int, heads: Int, keyHead: Int, row: Int,
    rows: Int
  ) {
    let dimension = attention.headDimension
    var cached = attention.cached(keyHead, segment)
    let first = segment.firstRow + row
    let q = query.row(first) + head * dimension
    let out = output.row(first) + head * dimension
    let position = Int32(segment.firstPosition + (isBidirectional ? segment.rows - 1 : row))
    switch segment.type {
    case .f16:
      sk_attend(
        parameters, q, Int64(query.width), Int32(heads), Int32(rows), position, &cached, out,
        Int64(output.width), scratch[worker])
    case .f32:
      sk_attend_f32(
        parameters, q, Int64(query.width), Int32(heads), Int32(rows), position, &cached, out,
        Int64(output.width))
    }
  }
}

/// attended *= the logistic function of the gates.
struct GateAttentionKernel: BitwiseCopyable {
  let gates: StepBuffer
  let attended: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let share = worker.share(of: step.rows * attended.width, unit: 16)
    let own = attended.values + share.lowerBound
    sk_activate(SK_SIGMOID, gates.values + share.lowerBound, own, own, Int32(share.count))
  }
}

extension AttentionDescription {
  var kernel: sk_attention {
    sk_attention(
      head_dim: Int32(headDimension), window: Int32(window), scale: scale, softcap: softcap)
  }
}
