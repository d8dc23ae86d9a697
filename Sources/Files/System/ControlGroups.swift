/// What the control groups (cgroups) of this process allow: Linux, versions 1 and 2, which may be in
/// use side by side. A limit of any group above the process's own holds too.
public struct ControlGroups: Sendable {
  /// A hierarchy of groups, as it is mounted.
  private struct Hierarchy {
    /// Of version 1; nil: version 2, which has all controllers.
    var controllers: Set<Substring>?
    /// The group that the mount shows as its top.
    var top: String
    var mountPoint: String
  }

  private let hierarchies: [Hierarchy]
  /// Groups of this process: the controllers of version 1, empty for version 2, and the path.
  private let groups: [(controllers: Set<Substring>, path: String)]
  private let root: String

  /// - Parameter root: stands before all paths; for tests.
  public init(root: String = "") {
    self.root = root
    let mounts = readSmallFile("\(root)/proc/self/mountinfo")
    hierarchies = mounts.map(Self.hierarchies) ?? Self.usualHierarchies
    groups = Self.groups(readSmallFile("\(root)/proc/self/cgroup") ?? "")
  }

  /// Processors' worth of time that the process may use: the smallest quota; nil: no limit.
  public var processorQuota: Double? {
    let second = folders("cpu", version: 2).compactMap { folder -> Double? in
      // "max 100000" or "150000 100000".
      let fields = numbers("\(folder)/cpu.max")
      return fields.count == 2 ? Self.share(fields[0], of: fields[1]) : nil
    }
    let first = folders("cpu", version: 1).compactMap { folder -> Double? in
      Self.share(
        numbers("\(folder)/cpu.cfs_quota_us").first ?? nil,
        of: numbers("\(folder)/cpu.cfs_period_us").first ?? nil)
    }
    return (first + second).min()
  }

  /// Bytes of memory that the process may use, and of swap beside it; nil: no limit.
  public var memory: (memory: Int?, swap: Int?) {
    func smallest(_ name: String, version: Int) -> Int? {
      let limits = folders("memory", version: version).compactMap { folder in
        numbers("\(folder)/\(name)").first ?? nil
      }
      // Version 1 writes no limit as the largest number of pages.
      return limits.filter { $0 < 1 << 60 }.min()
    }
    let first = smallest("memory.limit_in_bytes", version: 1)
    // Of version 1 it limits both together.
    let both = smallest("memory.memsw.limit_in_bytes", version: 1)
    let memory = [first, smallest("memory.max", version: 2)].compactMap { $0 }.min()
    let swap = [
      both.map { max(0, $0 - (first ?? 0)) }, smallest("memory.swap.max", version: 2),
    ].compactMap { $0 }.min()
    return (memory, swap)
  }

  /// The folders of the process's group and of all above it as far as they can be seen.
  private func folders(_ controller: Substring, version: Int) -> [String] {
    hierarchies.flatMap { hierarchy -> [String] in
      guard (hierarchy.controllers == nil) == (version == 2),
        hierarchy.controllers?.contains(controller) ?? true
      else { return [] }
      let group = groups.first {
        version == 2 ? $0.controllers.isEmpty : $0.controllers.contains(controller)
      }
      var below = Self.part(of: group?.path ?? "/", below: hierarchy.top)
      var result: [String] = []
      while !below.isEmpty {
        result.append(root + hierarchy.mountPoint + below)
        below = String(below[..<(below.lastIndex(of: "/") ?? below.startIndex)])
      }
      return result + [root + hierarchy.mountPoint]
    }
  }

  /// What of a group's path lies below the top of its mount: "/a/b", or "" for the top itself, which also
  /// stands for a group that the mount does not show.
  private static func part(of path: String, below top: String) -> String {
    if path == top || path == "/" || path.split(separator: "/").contains("..") { return "" }
    if top == "/" { return path }
    return path.hasPrefix(top + "/") ? String(path.dropFirst(top.count)) : ""
  }

  /// The words of a small file as numbers, nil where a word is none ("max") or below 0 (no limit).
  private func numbers(_ path: String) -> [Int?] {
    (readSmallFile(path) ?? "").split(whereSeparator: \.isWhitespace).map { word in
      Int(word).flatMap { $0 >= 0 ? $0 : nil }
    }
  }

  private static func share(_ quota: Int?, of period: Int?) -> Double? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return Double(quota) / Double(period)
  }

  /// Lines of `/proc/self/cgroup`: "4:cpu,cpuacct:/a/b", "0::/a/b".
  private static func groups(_ text: String) -> [(controllers: Set<Substring>, path: String)] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      return (Set(fields[1].split(separator: ",")), String(fields[2]))
    }
  }

  /// Lines of `/proc/self/mountinfo`: "36 35 0:30 /top /mount/point rw - cgroup name rw,cpu,cpuacct".
  private static func hierarchies(_ text: String) -> [Hierarchy] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else {
        return nil
      }
      let controllers: Set<Substring>?
      switch fields[dash + 1] {
      case "cgroup2": controllers = nil
      case "cgroup": controllers = Set(fields[dash + 3].split(separator: ","))
      default: return nil
      }
      return Hierarchy(
        controllers: controllers, top: unescaped(fields[3]), mountPoint: unescaped(fields[4]))
    }
  }

  /// Where they are mounted by custom, for a system that does not say.
  private static let usualHierarchies =
    [Hierarchy(controllers: nil, top: "/", mountPoint: "/sys/fs/cgroup")]
    + ["cpu", "memory"].map { name in
      Hierarchy(controllers: [name], top: "/", mountPoint: "/sys/fs/cgroup/\(name)")
    }

  /// A path in which spaces and the like stand as "\040".
  private static func unescaped(_ field: Substring) -> String {
    guard field.contains("\\") else { return String(field) }
    var (bytes, rest) = ([UInt8](), Array(field.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"),
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
