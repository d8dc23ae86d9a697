import CSystem
import Glibc

/// How much memory this process may have.
public enum SystemMemory {
  /// Bytes of memory, and of swap beside it, that the machine and the process's control groups have.
  private static let whole: (memory: Int, swap: Int) = {
    var (memory, swap): (Int64, Int64) = (0, 0)
    guard aigc_machine_memory(&memory, &swap) != 0 else { return (Int.max / 2, Int.max / 2) }
    let groups = ControlGroups().memory
    return (min(Int(memory), groups.memory ?? Int.max), min(Int(swap), groups.swap ?? Int.max))
  }()

  /// Bytes that all blocks together may not exceed: beyond, the system would kill the process.
  public static let bound = whole.memory + whole.swap

  /// Bytes that there are to plan with: the memory of the machine, less where control groups or a limit of
  /// address space (`ulimit -v`) leave less.
  public static var available: Int {
    var limit = rlimit()
    guard getrlimit(addressSpace, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
      return whole.memory
    }
    return min(whole.memory, max(0, Int(limit.rlim_cur) - mapped))
  }

  /// Whether a limit of address space or of data holds for this process.
  public static var isLimited: Bool {
    [addressSpace, data].contains { resource in
      var limit = rlimit()
      return getrlimit(resource, &limit) == 0 && limit.rlim_cur < rlim_t(Int.max)
    }
  }

  /// Bytes of memory in use, as the kernel counts it; where it does not say now, the most so far.
  public static var resident: Int {
    if let pages = pages(1) { return pages }
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }

  /// Bytes of address space in use; what the libraries take where the kernel does not say.
  private static var mapped: Int { pages(0) ?? 128 << 20 }

  /// A field of `/proc/self/statm`, in bytes.
  private static func pages(_ field: Int) -> Int? {
    let fields = readSmallFile("/proc/self/statm")?.split(separator: " ") ?? []
    guard field < fields.count, let pages = Int(fields[field]) else { return nil }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Gives the freed memory that `malloc` keeps back to the system.
  public static func returnFreed() { aigc_return_freed_memory() }

  private static let addressSpace = __rlimit_resource_t(RLIMIT_AS.rawValue)
  private static let data = __rlimit_resource_t(RLIMIT_DATA.rawValue)
}
