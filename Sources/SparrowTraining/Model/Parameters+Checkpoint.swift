#if Training
  internal import CSparrowKernels
  package import Sparrow
  internal import SparrowCPU
  package import SparrowCore
  internal import SparrowTransformer

  extension Parameters {
    /// A model's weights in float32, whatever their format in the file.
    ///
    /// Costs four bytes a weight. Throws `.malformed` for vectors that cannot be read.
    package init(_ model: Model) throws(SparrowError) {
      var values: [String: Tensor] = [:]
      for role in model.binding.roles {
        if model.binding.isMatrix(role) {
          values[role.parameterName] = Tensor(unpacking: model.engine.weights.matrix(role))
        } else if let vector = try model.binding.vector(role) {
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
