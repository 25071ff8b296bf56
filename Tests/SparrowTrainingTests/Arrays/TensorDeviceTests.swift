#if Training
  import SparrowCore
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    @Suite struct TensorDeviceTests {
      @Test func theProcessorIsNamed() throws {
        let device = try TensorDevice.start(cpu: true)
        #expect(!device.isGPU && device.name == "the CPU" && device.type == .float32)
      }

      /// The loader's reasons as glibc words them.
      @Test(arguments: [
        ("libSparrowMLX.so", "beside this program"), ("libmlx.so", "unpacks it into .mlx"),
        ("libcuda.so.1", "NVIDIA's driver"), ("libnccl.so.2", "make training MLX=cuda-13"),
      ]) func whatIsMissingIsSaidWithHowToGetIt(library: String, remedy: String) {
        let error = TensorDevice.refusal(
          library + ": cannot open shared object file: No such file or directory")
        #expect(error.kind == .system && error.found.hasPrefix(library))
        #expect(error.expected.contains(remedy))
      }
    }
  }
#endif
