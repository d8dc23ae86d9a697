import CSystem
import Glibc

/// The processors that this process may use.
public enum Processors {
  /// Those of its affinity mask (taskset, cpusets), and no more than the quota of its control groups
  /// pays for, rounded down; at least 1.
  public static let available = count(
    allowed: allowed() ?? online(), quota: ControlGroups().processorQuota)

  static func count(allowed: Int, quota: Double?) -> Int {
    // A quota may be any number; above the processors it says nothing.
    max(1, min(allowed, quota.map { Int(min($0, Double(allowed))) } ?? allowed))
  }

  private static func allowed() -> Int? {
    let count = Int(aigc_allowed_processors())
    return count > 0 ? count : nil
  }

  private static func online() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
