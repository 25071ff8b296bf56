import CSparrowCUDA

extension TestDriver {
  /// What was never written reads as no number.
  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 256)
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes)
    return memory
  }

  static func memory(_ address: scu_address) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(address))!
  }

  static func addMemory(_ calls: inout scu_driver) {
    calls.allocate = { address, bytes in
      guard bytes <= 1 << 35 else { return 2 }
      address!.pointee = scu_address(UInt(bitPattern: TestDriver.allocate(bytes)))
      return 0
    }
    calls.free = {
      TestDriver.memory($0).deallocate()
      return 0
    }
    calls.allocate_host = { host, bytes, _ in
      host!.pointee = TestDriver.allocate(bytes)
      return 0
    }
    calls.free_host = {
      $0!.deallocate()
      return 0
    }
    calls.copy_in = { to, from, bytes, stream in
      nonisolated(unsafe) let from = from!
      object(stream!, Stream.self).queue {
        TestDriver.memory(to).copyMemory(from: from, byteCount: bytes)
      }
      return 0
    }
    calls.copy_out = { to, from, bytes, stream in
      nonisolated(unsafe) let to = to!
      object(stream!, Stream.self).queue {
        to.copyMemory(from: TestDriver.memory(from), byteCount: bytes)
      }
      return 0
    }
    calls.copy_over = { to, from, bytes, stream in
      object(stream!, Stream.self).queue {
        TestDriver.memory(to).copyMemory(from: TestDriver.memory(from), byteCount: bytes)
      }
      return 0
    }
    calls.fill_bytes = { to, value, count, stream in
      object(stream!, Stream.self).queue {
        TestDriver.memory(to).initializeMemory(as: UInt8.self, repeating: value, count: count)
      }
      return 0
    }
    calls.fill_words = { to, value, count, stream in
      object(stream!, Stream.self).queue {
        TestDriver.memory(to).initializeMemory(as: UInt32.self, repeating: value, count: count)
      }
      return 0
    }
  }
}
