import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowMachine

@Suite struct FactsTests {
  static let intel = """
    processor\t: 0
    vendor_id\t: GenuineIntel
    model name\t: Intel(R) Xeon(R) Platinum 8480+
    flags\t\t: fpu sse2 avx f16c fma avx2 avx512f avx512_vnni amx_int8

    processor\t: 1
    model name\t: another
    """

  static let arm = """
    processor\t: 0
    Features\t: fp asimd asimddp sve i8mm
    CPU implementer\t: 0x41
    CPU part\t: 0xd40
    """

  static func processor(_ files: [String: String]) throws -> ProcessorFacts {
    let fake = try FakeSystem(files: files)
    return withExtendedLifetime(fake) {
      ProcessorFacts(root: fake.root, allowance: .init(affinity: 2, quota: 1.5))
    }
  }

  @Test("processors are called as Linux calls them, by number on Arm")
  func processors() throws {
    let intel = try Self.processor([
      "proc/cpuinfo": Self.intel, "sys/devices/system/cpu/online": "0-3,8\n",
      "proc/loadavg": "1.25 0.5 0.1 2/300 4242\n",
    ])
    #expect(intel.model == "Intel(R) Xeon(R) Platinum 8480+" && intel.online == 5)
    #expect(
      intel.instructions == ["avx", "f16c", "fma", "avx2", "avx512f", "avx512_vnni", "amx_int8"])
    #expect(intel.load == 1.25)
    #expect(
      intel.findings.last?.text == "2 of 5 allowed, a quota of 1.50: 2 threads; load 1.25")
    let arm = try Self.processor(["proc/cpuinfo": Self.arm])
    #expect(arm.model == "implementer 0x41, part 0xd40")
    #expect(arm.instructions == ["asimd", "asimddp", "i8mm", "sve"] && arm.online == nil)
    #expect(try Self.processor([:]).model == "unknown processor")
  }

  @Test(
    "lists of processors",
    arguments: [
      ("0", 1), ("0-1", 2), ("0-3,8-11,15\n", 9), ("", nil), ("3-1", nil), ("0,", nil), ("-", nil),
      ("a", nil), ("0-99999999", nil), ("1-2-3", nil),
    ] as [(String, Int?)])
  func lists(list: String, count: Int?) {
    #expect(ProcessorFacts.count(list: list) == count)
  }

  @Test("memory, its limit and huge pages")
  func memory() throws {
    let fake = try FakeSystem(
      groups: "0::/a\n", mounts: FakeSystem.mounts2(),
      files: [
        "proc/meminfo": "MemTotal:  2000000 kB\nMemAvailable: 1500000 kB\nHugePages_Total: 0\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "sys/fs/cgroup/a/memory.max": "1000000000\n",
      ])
    let facts = MemoryFacts(root: fake.root, groups: ControlGroups(root: fake.root))
    #expect(facts.total == 2_048_000_000 && facts.usable == 1_000_000_000)
    #expect(facts.hugePages == "madvise" && facts.findings.allSatisfy { $0.state == .fine })
    #expect(facts.findings[0].text == "2.05 GB, 1.54 GB available, a limit of 1.00 GB")
    let never = try FakeSystem(
      files: ["sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]"])
    let without = MemoryFacts(root: never.root, groups: ControlGroups(root: never.root))
    #expect(without.findings[1].state == .missing && without.usable == nil)
  }

  @Test("the distribution's name comes without its quotes")
  func distribution() {
    #expect(SystemFacts.prettyName("ID=x\nPRETTY_NAME=\"Debian 12 (a)\"\n") == "Debian 12 (a)")
    #expect(SystemFacts.prettyName("PRETTY_NAME=\n") == nil && SystemFacts.prettyName("") == nil)
  }

  @Test(
    "versions of programs",
    arguments: [
      ("curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0", "8.5.0"), ("Python 3.11.2", "3.11.2"),
      ("pip 23.0.1 from /home/alice/lib (python 3.11)", "23.0.1"),
      ("mpirun (Open MPI) 4.1.4", "4.1.4"), ("HYDRA build details:\n    Version:   4.0", "4.0"),
      ("", ""), ("no number", ""),
    ])
  func versions(text: String, version: String) {
    #expect(ProgramFacts.version(text) == version)
  }

  @Test("the driver's release and CUDA's version")
  func driver() throws {
    #expect(
      GraphicsFacts.release("NVRM version: NVIDIA UNIX Open  580.65.06  Release Build (a@b)")
        == "580.65.06")
    #expect(GraphicsFacts.release("") == nil)
    #expect(CUDADriver.text(version: 13010) == "13.1" && CUDADriver.text(version: 12090) == "12.9")
    #expect(CUDADriver(library: "libnothing-of-the-kind.so.1") == nil)
    let fake = try FakeSystem(files: [
      "sys/bus/pci/devices/0/vendor": "0x10de\n", "sys/bus/pci/devices/0/class": "0x030200\n",
      "sys/bus/pci/devices/1/vendor": "0x10de\n", "sys/bus/pci/devices/1/class": "0x040300\n",
    ])
    var facts = GraphicsFacts(root: fake.root)
    #expect(facts.devicesOnBus == 1)
    facts.driver = nil
    #expect(facts.finding.state == .missing)
    facts.devicesOnBus = 0
    #expect(facts.finding.state == .fine)
  }

  @Test(
    "the cache's folder is told without names of users",
    arguments: [
      ("/home/alice/.cache/sparrow", "~/.cache/sparrow"), ("/home/alice", "~"),
      ("/home/alicette/x", "/home/$USER/x"), ("/data/alice/models", "/data/$USER/models"),
      ("/Users/bob/x", "/Users/$USER/x"), ("/srv/models", "/srv/models"),
      ("/home/alice/models/alice", "~/models/$USER"),
    ])
  func privacy(path: String, told: String) {
    let environment = ["HOME": "/home/alice", "USER": "alice"]
    #expect(CacheFacts.withoutNames(path, environment) == told)
  }

  @Test("a cache that is nowhere, or cannot be written, is broken")
  func cache() throws {
    #expect(CacheFacts(environment: [:]).finding.state == .broken)
    let file = try FakeSystem(files: ["file": ""])
    let blocked = CacheFacts(environment: ["SPARROW_CACHE": file.root + "/file/cache"])
    #expect(blocked.finding.state == .broken && !blocked.finding.advice.isEmpty)
    let fresh = CacheFacts(environment: ["SPARROW_CACHE": file.root + "/not/yet/there"])
    #expect(fresh.finding.state == .fine && fresh.free ?? 0 > 0)
  }

  @Test("damaged files of the system do not trap")
  func damaged() throws {
    var mutator = Mutator(seed: 9)
    let files = [
      "proc/cpuinfo": Self.intel, "proc/meminfo": "MemTotal: 2000000 kB\nMemAvailable: 9 kB\n",
      "sys/devices/system/cpu/online": "0-3,8-11", "proc/loadavg": "0.1 0.2 0.3 1/2 3",
      "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
      "etc/os-release": "PRETTY_NAME=\"Debian 12\"", "proc/driver/nvidia/version": "NVRM 580.1",
    ]
    for _ in 0..<100 {
      let fake = try FakeSystem(
        files: files.mapValues { String(decoding: mutator.mutate(Array($0.utf8)), as: UTF8.self) })
      let findings =
        SystemFacts(root: fake.root).findings
        + ProcessorFacts(root: fake.root, allowance: .init(affinity: 1, quota: nil)).findings
        + MemoryFacts(root: fake.root, groups: ControlGroups(root: fake.root)).findings
      #expect(Checkup(findings: findings).json.text().utf8.count > 100)
    }
  }
}
