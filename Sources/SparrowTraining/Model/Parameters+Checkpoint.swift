#if Training
  internal import CSparrowKernels
  internal import SparrowCPU
  package import SparrowCore
  package import SparrowTransformer

  extension Parameters {
    /// A model's weights in float32, whatever their format in the file.
    ///
    /// Costs four bytes a weight and, while it runs, the packed model. Throws `.malformed` for vectors that
    /// cannot be read, `.unsupported` for types without a kernel layout.
    package init(_ binding: WeightBinding) throws(SparrowError) {
      let packed = try PackedWeights(binding, pool: try WorkerPool(count: availableProcessors()))
      var values: [String: Tensor] = [:]
      // Values that are keys have no weights of their own.
      for role in binding.roles where binding.configuration.storedRole(of: role) == role {
        if binding.isMatrix(role) {
          values[role.parameterName] = Tensor(unpacking: packed.matrix(role))
        } else if let vector = try binding.vector(role) {
          values[role.parameterName] = Tensor(vector)
        }
      }
      self.init(values)
    }
  }

  extension Tensor {
    fileprivate init(unpacking matrix: UnsafePointer<sk_matrix>) {
      let rows = Int(matrix.pointee.rows)
      let columns = Int(matrix.pointee.columns)
      let values = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
        for row in 0..<rows {
          sk_unpack_row(matrix, Int32(row), buffer.baseAddress! + row * columns)
        }
        count = rows * columns
      }
      self.init(values, shape: [rows, columns])
    }
  }
#endif
