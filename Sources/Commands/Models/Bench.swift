import ArgumentParser
import Console
import Families
import Files
import Kernels

/// `aigc bench NAME…`.
struct Bench: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the speed of training and generation here.",
    discussion: "One JSON object a line, the same that the peers' scripts print.")

  @Argument(help: "Benchmarks, or all; without a name they are listed.")
  var names: [String] = []

  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "Measure generation and prompts of this language model, a name or a path.",
    completion: .model)
  var model: String?

  @OptionGroup var loading: LoadingArguments

  @Option(help: "How long to measure (default 5).")
  var seconds: Double?

  @Flag(help: "In place of measuring, compare the results of 1, 2 and 3 threads, byte by byte.")
  var compareThreads = false

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if let seconds, !(0...86400).contains(seconds) {
      throw ValidationError("--seconds \(seconds): 0 to 86400")
    }
    if compareThreads, seconds != nil {
      throw ValidationError("--seconds is of measuring, --compare-threads measures nothing")
    }
    if model == nil, loading.isGiven {
      throw ValidationError("--activations, --cache-type and --adapter go with --model")
    }
    if names.isEmpty, model == nil, compareThreads || seconds != nil {
      throw ValidationError("--seconds and --compare-threads go with the names of benchmarks")
    }
  }

  func run() throws {
    let all = try available()
    guard !names.isEmpty || model != nil else { return try list(all) }
    let chosen =
      names.isEmpty ? all : try names.flatMap { try benchmarks(named: $0, among: all) }
    let different = try measure(chosen)
    guard different.isEmpty else {
      throw AIGCError.failed(
        "results differ with the number of threads: \(different.joined(separator: ", "))")
    }
  }

  /// Those of the program's own shapes, or of a model.
  private func available() throws(AIGCError) -> [Benchmark] {
    guard let model else {
      return families.flatMap { $0.benchmarks } + machineBenchmarks + convolutionBenchmarks
    }
    return Families.benchmarks(of: try loadTextModel(model, loading.options()).model)
  }

  private func list(_ all: [Benchmark]) throws {
    let answer = try Answer(nil)
    if common.json {
      try answer.write(json: [.init("benchmarks", .array(all.map { .string($0.name) }))])
    } else {
      try answer.write(all.map { $0.name + "\n" }.joined())
    }
    try answer.finish()
  }

  private func benchmarks(
    named name: String, among all: [Benchmark]
  ) throws(AIGCError) -> [Benchmark] {
    let found = all.filter { name == "all" || $0.name == name }
    guard !found.isEmpty else {
      let similar = suggestion(for: name, among: all.map { $0.name })
      throw .usage("unknown benchmark '\(name)'\(similar)")
    }
    return found
  }

  /// - Returns: those whose results differ with the number of threads, where that is asked for.
  private func measure(_ chosen: [Benchmark]) throws -> [String] {
    var results: [JSONValue] = []
    var different: [String] = []
    if compareThreads {
      different = try compare(chosen) { try show($0, &results) }
    } else {
      for benchmark in chosen {
        try show(line(benchmark, try benchmark.measure(seconds: seconds ?? 5)), &results)
      }
    }
    if common.json { try Answer(nil).write(json: [.init("results", .array(results))]) }
    try StandardOutput.flush()
    return different
  }

  /// A line as soon as it is known, or with --json all at the end.
  private func show(_ line: JSONValue, _ results: inout [JSONValue]) throws(AIGCError) {
    guard !common.json else { return results.append(line) }
    try StandardOutput.write(line.text + "\n")
    try StandardOutput.flush()
  }

  /// - Returns: the benchmarks whose results differ.
  private func compare(
    _ benchmarks: [Benchmark], _ show: (JSONValue) throws -> Void
  ) throws -> [String] {
    var different: [String] = []
    for benchmark in benchmarks {
      guard let isSame = try benchmark.isSame(forThreads: 1...3) else { continue }
      if !isSame { different.append(benchmark.name) }
      try show(
        .object([
          .init("workload", .string(benchmark.name)), .init("same_bytes", .bool(isSame)),
        ]))
    }
    return different
  }

  private func line(_ benchmark: Benchmark, _ times: [Double]) -> JSONValue {
    let median = times.sorted()[times.count / 2]
    var members: [JSONValue.Member] = [
      .init("workload", .string(benchmark.name)), .init("peer", "aigc"),
      .init("unit", .string(benchmark.unit)),
      .init("rate", .double((Double(benchmark.items) / median * 10).rounded() / 10)),
      .init("median_ms", .double((median * 1e6).rounded() / 1e3)),
      .init("threads", .int(Threads.count)),
    ]
    if let bytes = benchmark.bytesPerItem { members.append(.init("bytes_per_token", .int(bytes))) }
    return .object(members)
  }
}
