import ArgumentParser
import Console
import Files
import Kernels

/// Something `aigc bench` measures: one training step, or one call of generation, of a named shape.
public struct Benchmark: Sendable {
  /// "lstm-train".
  public let name: String
  /// "tokens/s".
  public let unit: String
  /// Items of one call.
  public let items: Int
  /// Makes the model and its data, and returns the call to be measured.
  public let prepare: @Sendable () throws -> () -> Void

  public init(
    _ name: String, unit: String, items: Int,
    prepare: @escaping @Sendable () throws -> () -> Void
  ) {
    self.name = name
    self.unit = unit
    self.items = items
    self.prepare = prepare
  }

  /// Calls it again and again.
  /// - Parameter seconds: how long; five calls at least, after three that are not counted.
  /// - Returns: the time of each call in seconds.
  func measure(seconds: Double) throws -> [Double] {
    let call = try prepare()
    for _ in 0..<3 { call() }
    var times: [Double] = []
    let start = ContinuousClock.now
    while times.count < 5 || (ContinuousClock.now - start).seconds < seconds {
      let before = ContinuousClock.now
      call()
      times.append((ContinuousClock.now - before).seconds)
      try Interruption.check()
    }
    return times
  }
}

/// `aigc bench NAME`.
public struct Bench: ConsoleCommand {
  public static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the speed of training and generation here.",
    discussion: "One JSON object a line, the same that the peers' scripts print.")

  @Argument(help: "A benchmark, or all; without a name they are listed.")
  var name: String?

  @Option(help: "How long to measure.")
  var seconds = 5.0

  @OptionGroup public var common: CommonOptions

  public init() {}

  public func validate() throws {
    if !(0...86400).contains(seconds) { throw ValidationError("--seconds \(seconds): 0 to 86400") }
  }

  public func run() throws {
    let all = families.flatMap { $0.benchmarks } + machineBenchmarks
    guard let name else {
      return try StandardOutput.write(all.map { $0.name + "\n" }.joined())
    }
    let chosen = all.filter { name == "all" || $0.name == name }
    guard !chosen.isEmpty else {
      let similar = suggestion(for: name, among: all.map { $0.name })
      throw AIGCError.usage("unknown benchmark '\(name)'\(similar)")
    }
    for benchmark in chosen {
      try StandardOutput.write(line(benchmark, try benchmark.measure(seconds: seconds)))
      try StandardOutput.flush()
    }
  }

  private func line(_ benchmark: Benchmark, _ times: [Double]) -> String {
    let median = times.sorted()[times.count / 2]
    return JSONValue.object([
      .init("workload", .string(benchmark.name)), .init("peer", "aigc"),
      .init("unit", .string(benchmark.unit)),
      .init("rate", .double((Double(benchmark.items) / median * 10).rounded() / 10)),
      .init("median_ms", .double((median * 1e6).rounded() / 1e3)),
      .init("threads", .int(Threads.count)),
    ]).text + "\n"
  }
}
