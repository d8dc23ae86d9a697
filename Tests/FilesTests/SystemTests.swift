import Glibc
import TestSupport
import Testing

@testable import Files

/// Control groups as files of a folder that stands for the root of the file system.
struct ControlGroupsTests {
  /// Writes `files` below a temporary folder, and gives `body` the groups that are found there.
  private func groups<R>(_ files: [String: String], _ body: (ControlGroups) -> R) throws -> R {
    let root = try TemporaryFolder()
    for (name, text) in files { try root.write(name, text) }
    return body(ControlGroups(root: root.path))
  }

  private let second = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

  @Test func quotaOfTheGroupAndAllAbove() throws {
    let quota = try groups([
      "proc/self/mountinfo": "24 1 8:1 / / rw - ext4 /dev/a rw\n" + second,
      "proc/self/cgroup": "0::/user.slice/session.scope\n",
      "sys/fs/cgroup/user.slice/session.scope/cpu.max": "max 100000\n",
      "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
    ]) { $0.processorQuota }
    #expect(quota == 1.5)
  }

  @Test func theSmallestQuotaHolds() throws {
    let quota = try groups([
      "proc/self/mountinfo": second, "proc/self/cgroup": "0::/a/b\n",
      "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n", "sys/fs/cgroup/a/cpu.max": "50000 200000\n",
      "sys/fs/cgroup/cpu.max": "300000 100000\n",
    ]) { $0.processorQuota }
    #expect(quota == 0.25)
  }

  /// A container with a group name space: its own group is the top of the mount.
  @Test(arguments: ["0::/\n", "0::/../../other\n", "0::/not/to/be/seen\n"])
  func theTopOfTheMount(path: String) throws {
    let quota = try groups([
      "proc/self/mountinfo": second, "proc/self/cgroup": path,
      "sys/fs/cgroup/cpu.max": "200000 100000\n",
    ]) { $0.processorQuota }
    #expect(quota == 2)
  }

  @Test func versionOne() throws {
    let mounts = """
      30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      31 24 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
      32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw

      """
    let found = try groups([
      "proc/self/mountinfo": mounts,
      "proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/jobs/one\n0::/\n",
      "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us": "350000\n",
      "sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "1000000\n",
      "sys/fs/cgroup/memory/m/memory.memsw.limit_in_bytes": "1500000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    ]) { ($0.processorQuota, $0.memory.memory, $0.memory.swap) }
    #expect(found == (3.5, 1_000_000, 500_000))
  }

  /// A container without a name space of its own: the mount shows its group as the top.
  @Test func aGroupThatIsMountedAsTheTop() throws {
    let quota = try groups([
      "proc/self/mountinfo":
        "30 24 0:26 /docker/x /cg\\040roup rw - cgroup2 cgroup2 rw\n",
      "proc/self/cgroup": "0::/docker/x/inner\n", "cg roup/inner/cpu.max": "100000 100000\n",
      "cg roup/cpu.max": "90000 100000\n",
    ]) { $0.processorQuota }
    #expect(quota == 0.9)
  }

  @Test func memoryOfVersionTwo() throws {
    let memory = try groups([
      "proc/self/mountinfo": second, "proc/self/cgroup": "0::/a\n",
      "sys/fs/cgroup/a/memory.max": "2000000\n", "sys/fs/cgroup/a/memory.swap.max": "0\n",
    ]) { $0.memory }
    #expect(memory == (2_000_000, 0))
  }

  /// Without /proc the places are known by custom; without all, or with nonsense, nothing is limited.
  @Test func whatCannotBeRead() throws {
    #expect(try groups(["sys/fs/cgroup/cpu.max": "100000 100000\n"]) { $0.processorQuota } == 1)
    #expect(try groups([:]) { $0.processorQuota } == nil)
    for text in ["", "max", "x y", "0 0", "100000 0", "-5 100000", "9999999999999999999999 1"] {
      #expect(try groups(["sys/fs/cgroup/cpu.max": text]) { $0.processorQuota } == nil)
    }
    #expect(
      try groups(["proc/self/mountinfo": "- - -\n1 2 - cgroup2\n"]) { $0.processorQuota } == nil)
  }

  @Test(arguments: [
    (8, nil, 8), (8, 1.5, 1), (8, 0.1, 1), (8, 3.99, 3), (2, 64, 2), (1, nil, 1), (4, 1e300, 4),
  ])
  func processors(allowed: Int, quota: Double?, count: Int) {
    #expect(Processors.count(allowed: allowed, quota: quota) == count)
  }
}

struct SystemTests {
  @Test func theProgramsPathIsKnownWithoutProc() {
    #expect(startedPath() != nil && startedPath() == executablePath())
  }

  @Test func memory() {
    #expect(SystemMemory.resident > 1 << 20)
    #expect(SystemMemory.available > 0 && SystemMemory.available <= SystemMemory.bound)
  }

  /// What the system lacks is not a fault of the file.
  @Test(arguments: [
    (ENOMEM, AIGCError.Code.failed), (EMFILE, .failed), (EIO, .failed), (ENOENT, .badInput),
    (EACCES, .badInput),
  ])
  func unreadableFiles(code: Int32, expected: AIGCError.Code) {
    #expect(AIGCError.unreadable("a", code).code == expected)
  }
}
