import ArgumentParser

struct RecurrentFamily: Family {
  let name = "lstm"
  let kind = "text"
  var trainCommand: any ParsableCommand.Type { Bench.self }
  var benchmarks: [Benchmark] { RecurrentBenchmarks.all }
}
