import Sparrow
import SparrowTestSupport
import Testing

@Suite struct DeviceTests {
  @Test("devices by their names, and what is none")
  func names() {
    #expect(Device("cpu") == .cpu && Device("cuda") == .cuda(0) && Device("cuda:3") == .cuda(3))
    for text in ["", "CPU", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:99999999999999999999"] {
      #expect(Device(text) == nil, "\(text)")
    }
    for device in [Device.cpu, .cuda(0), .cuda(12)] {
      #expect(Device(device.description) == device)
    }
    #expect(LoadOptions().device == .cpu)
  }
}
