import SparrowCore

/// A folder that stands in for `/`: what a container's `/proc` and `/sys` would say.
public struct FakeSystem {
  private let folder: TemporaryFolder
  public var root: String { folder.path }

  /// `groups` and `mounts` are the contents of `/proc/self/cgroup` and `/proc/self/mountinfo`;
  /// `files` are others by their path without the slash at its beginning.
  public init(groups: String = "", mounts: String = "", files: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    var all = files
    if !groups.isEmpty { all["proc/self/cgroup"] = groups }
    if !mounts.isEmpty { all["proc/self/mountinfo"] = mounts }
    for (path, text) in all {
      let parent = path.split(separator: "/").dropLast().joined(separator: "/")
      try Files.makeFolder(root + "/" + parent)
      try folder.write(path, text)
    }
  }

  /// Version 2's mount, as a process sees it that `group` is the root of.
  public static func mounts2(group: String = "/", at folder: String = "/sys/fs/cgroup") -> String {
    "24 1 0:5 / /proc rw,nosuid - proc proc rw\n"
      + "30 24 0:26 \(group) \(folder) rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
  }
}
