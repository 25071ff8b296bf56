#if Training
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct LargestTests {
      /// What sorting finds, with all ties.
      private func sorted(_ row: [Float], _ count: Int) -> [Float] {
        let sizes = row.map(abs)
        let least = sizes.sorted(by: >)[count - 1]
        return sizes.map { $0 >= least ? 1 : 0 }
      }

      @Test(arguments: [TensorType.float32, .float16, .bfloat16], [1, 7, 40, 64])
      func areThoseThatSortingFinds(type: TensorType, count: Int) throws {
        let random = Tensor.normal([16, 64], key: .randomKey(3)).cast(type)
        let found = try random.isAmongLargest(count).floats()
        let values = try random.floats()
        for row in 0..<16 {
          let range = row * 64..<(row + 1) * 64
          #expect(Array(found[range]) == sorted(Array(values[range]), count))
        }
      }

      @Test(arguments: [TensorType.float32, .float16, .bfloat16])
      func includeTiesAndTellZerosFromDenormals(type: TensorType) throws {
        let least = type == .float16 ? Float(0x1p-24) : 0x1p-133
        let rows: [[Float]] = [
          [1, -1, 1, 0.5, -2, 0], [0, -0.0, 0, -0.0, 0, 0],
          [0, least, -3 * least, 0, 2 * least, 0],
          [.infinity, 1, -.infinity, 2, 3, -4], [-5, -4, -3, -2, -1, 6],
        ]
        let tensor = Tensor(rows.flatMap { $0 }, shape: [5, 6]).cast(type)
        for count in 1...6 {
          #expect(
            try tensor.isAmongLargest(count).floats() == rows.flatMap { sorted($0, count) })
        }
      }

      @Test func haveNoGradient() throws {
        let both = try TensorFunction.valueAndGradient([Tensor([3, -1, 2])], count: 1) {
          [($0[0] * $0[0].isAmongLargest(2).cast(.float32)).sum()]
        }
        #expect(try both.values[0].value() == 5)
        #expect(try both.gradients[0].floats() == [1, 0, 1])
      }
    }
  }
#endif
