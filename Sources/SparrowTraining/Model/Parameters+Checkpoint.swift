#if Training
  package import SparrowCore
  package import SparrowTransformer

  extension Parameters {
    /// A model's weights in float32, whatever their format in the file.
    ///
    /// Costs four bytes a weight. Throws `.malformed` for weights that cannot be read or are no
    /// numbers, `.unsupported` for types that hold none.
    package init(_ binding: WeightBinding) throws(SparrowError) {
      let pool = try WorkerPool(count: availableProcessors())
      var values: [String: Tensor] = [:]
      // Values that are keys have no weights of their own.
      for role in binding.roles where binding.configuration.storedRole(of: role) == role {
        let floats = try binding.floats(role, pool: pool)
        if binding.isMatrix(role) {
          let columns = binding.matrix(role).columns
          values[role.parameterName] = Tensor(floats, shape: [floats.count / columns, columns])
        } else if !floats.isEmpty {
          values[role.parameterName] = Tensor(floats)
        }
      }
      self.init(values)
    }
  }
#endif
