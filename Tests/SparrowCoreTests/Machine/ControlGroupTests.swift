import SparrowTestSupport
import Testing

@testable import SparrowCore

@Suite struct ControlGroupTests {
  @Test("version 2: the least quota of the own group and those around it")
  func nested() throws {
    let fake = try FakeSystem(
      groups: "0::/kubepods/pod1/main\n", mounts: FakeSystem.mounts2(),
      files: [
        "sys/fs/cgroup/kubepods/cpu.max": "800000 100000\n",
        "sys/fs/cgroup/kubepods/pod1/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/kubepods/pod1/main/cpu.max": "max 100000\n",
        "sys/fs/cgroup/kubepods/pod1/memory.max": "max\n",
        "sys/fs/cgroup/kubepods/memory.max": "1073741824\n",
      ])
    let groups = ControlGroups(root: fake.root)
    #expect(groups.processorQuota == 1.5)
    #expect(groups.memoryLimit == 1 << 30)
  }

  @Test("version 2 in a namespace of its own: the mount's root is the own group")
  func namespace() throws {
    let fake = try FakeSystem(
      groups: "0::/\n", mounts: FakeSystem.mounts2(),
      files: ["sys/fs/cgroup/cpu.max": "50000 100000\n"])
    #expect(ControlGroups(root: fake.root).processorQuota == 0.5)
  }

  @Test("version 1: a mount that shows the container's own group as its root")
  func versionOne() throws {
    let fake = try FakeSystem(
      groups: "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc/inner\n1:name=systemd:/docker/abc\n",
      mounts: """
        33 32 0:28 /docker/abc /sys/fs/cgroup/systemd ro - cgroup cgroup rw,name=systemd
        34 32 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
        35 32 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory

        """,
      files: [
        "sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      ])
    let groups = ControlGroups(root: fake.root)
    #expect(groups.processorQuota == 2.5)
    #expect(groups.memoryLimit == nil)
  }

  @Test("both versions mounted: the lesser counts; a group outside of the mount leaves its root")
  func hybrid() throws {
    let fake = try FakeSystem(
      groups: "1:cpu:/../other\n0::/elsewhere\n",
      mounts: """
        34 32 0:29 / /sys/fs/cgroup/my\\040cpu rw - cgroup cgroup rw,cpu
        35 32 0:30 /box /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw

        """,
      files: [
        "sys/fs/cgroup/my cpu/cpu.cfs_quota_us": "300000",
        "sys/fs/cgroup/my cpu/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/unified/cpu.max": "200000 50000",
      ])
    #expect(ControlGroups(root: fake.root).processorQuota == 3)
  }

  @Test("no groups, no /proc: no limits")
  func nothing() throws {
    let fake = try FakeSystem()
    let groups = ControlGroups(root: fake.root)
    #expect(groups.processorQuota == nil && groups.memoryLimit == nil)
    #expect(ControlGroups(root: "/nonexistent/folder").processorQuota == nil)
  }

  @Test("damaged files limit nothing and do not trap")
  func damaged() throws {
    let words = [
      "", "max", "-5", "0 0", "1e999 1", "nan nan", "100000", "100000 0", "9223372036854775808 1",
      "\u{0}\u{1}", "100000 100000 100000", "0x10 2",
    ]
    for word in words {
      let fake = try FakeSystem(
        groups: "0::/\n1:cpu:/\n::\n:::::\n0::/../..\n2:memory:\n" + word,
        mounts: FakeSystem.mounts2() + "34 32 0:29 / /c rw - cgroup cgroup rw,cpu\n- -\n" + word,
        files: [
          "sys/fs/cgroup/cpu.max": word, "sys/fs/cgroup/memory.max": word,
          "c/cpu.cfs_quota_us": word, "c/cpu.cfs_period_us": word,
        ])
      let groups = ControlGroups(root: fake.root)
      let threads = ProcessorAllowance(affinity: 4, quota: groups.processorQuota).threads
      #expect((1...4).contains(threads), "\(word)")
      #expect(groups.memoryLimit ?? 1 > 0 || word == "0 0", "\(word)")
    }
    var mutator = Mutator(seed: 5)
    let mounts = Array(FakeSystem.mounts2().utf8)
    for _ in 0..<300 {
      let fake = try FakeSystem(
        groups: "0::/a/b\n", mounts: String(decoding: mutator.mutate(mounts), as: UTF8.self))
      _ = ControlGroups(root: fake.root).processorQuota
    }
  }

  @Test(
    "threads: the affinity mask, or a lower quota rounded up",
    arguments: [
      (8, nil, 8), (8, 16, 8), (8, 8, 8), (8, 1.5, 2), (8, 2, 2), (8, 0.1, 1), (1, 0.5, 1),
      (4, 3.001, 4),
    ] as [(Int, Double?, Int)])
  func threads(affinity: Int, quota: Double?, expected: Int) {
    let allowance = ProcessorAllowance(affinity: affinity, quota: quota)
    #expect(allowance.threads == expected)
    #expect(allowance.warning(threads: expected) == nil)
    #expect(allowance.warning(threads: expected + 1)?.contains("\(expected) would be") == true)
  }

  @Test("memory is what is free, or less where a group grants less")
  func memory() throws {
    let files = ["proc/meminfo": "MemTotal: 99 kB\nMemAvailable:    2097152 kB\n"]
    let free = try FakeSystem(groups: "0::/\n", mounts: FakeSystem.mounts2(), files: files)
    #expect(MemoryAllowance.current(root: free.root) == 2 << 30)
    let limited = try FakeSystem(
      groups: "0::/\n", mounts: FakeSystem.mounts2(),
      files: files.merging(["sys/fs/cgroup/memory.max": "1073741824\n"]) { $1 })
    #expect(MemoryAllowance.current(root: limited.root) == 1 << 30)
    let silent = try FakeSystem(groups: "0::/\n", mounts: FakeSystem.mounts2(), files: [:])
    #expect(MemoryAllowance.current(root: silent.root) == nil)
  }
}
