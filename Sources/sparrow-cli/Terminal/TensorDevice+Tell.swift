#if Training
  import SparrowTraining

  extension TensorDevice {
    /// Says what works, and why a GPU is silent at first.
    func tell(_ work: String) {
      let wait = isGPU ? "; the first steps compile kernels, for about a minute" : ""
      Terminal.note("\(work) on \(name) in \(type)\(wait)\n")
    }
  }
#endif
