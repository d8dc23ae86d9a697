import Files
import Kernels
import TestSupport
import Testing

@testable import Families

/// `aigc train rl`, `play`, `evaluate` and `convert` as a user has them.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct AgentVerbsTests {
  private static let short = "--n-envs 4 --n-steps 16 --eval-episodes 4 --seed 3"

  /// A compiler makes a program of policy.c that does what the agent does.
  @Test(arguments: ["cartpole", "pendulum", "mountaincar", "acrobot"])
  func policiesInCActAlike(environment: String) throws {
    guard shell("command -v cc >/dev/null || command -v clang >/dev/null") == 0 else {
      print("skipped: no C compiler")
      return
    }
    let folder = try TemporaryFolder()
    let path = folder.path
    try #require(
      shell(
        """
        cd '\(path)' && "$AIGC" train rl \(environment) --timesteps 2000 \(Self.short) --out agent -q >train.txt &&
        "$AIGC" convert agent policy.c >convert.txt && CC=cc && { command -v cc >/dev/null || CC=clang; } &&
        "$CC" -std=c99 -O1 -Wall -Wextra -Werror -DPOLICY_MAIN policy.c -o policy -lm
        """) == 0)
    let agent = try Agent(folder: folder.file("agent"))
    let batch = try agent.environment.batch(50, seed: 9)
    let width = batch.specification.observations.count
    let actions = try MutableTable<Float>(count: 50)
    var random: RandomSource?
    var (lines, wanted) = ("", [Float]())
    for _ in 0..<40 {
      try agent.act(in: batch, actions, drawing: &random)
      wanted += actions.values
      let seen = batch.observations.values
      for row in 0..<50 {
        lines += seen[row * width..<(row + 1) * width].map { "\($0)" }.joined(separator: " ") + "\n"
      }
      batch.step(actions)
    }
    try folder.write("seen.txt", lines)
    try #require(shell("cd '\(path)' && ./policy <seen.txt >found.txt") == 0)
    let found = try text(folder.file("found.txt")).split(separator: "\n").compactMap { Float($0) }
    #expect(found.count == wanted.count)
    if environment == "pendulum" {
      #expect(zip(found, wanted).allSatisfy { ($0 - $1).magnitude < 1e-5 })
    } else {
      // Where two actions are as good, another order of sums may choose the other one.
      let other = zip(found, wanted).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
      #expect(other <= 2, "\(other) of \(wanted.count) actions differ")
    }
  }

  /// Killed at any moment and taken up again, a run ends with the files of one that was not.
  @Test(arguments: ["ppo", "dqn"]) func aKilledRunGoesOn(algorithm: String) throws {
    let folder = try TemporaryFolder()
    let flags = algorithm == "dqn" ? "--learning-starts 200 --gradient-steps 4" : ""
    let command = """
      "$AIGC" train rl cartpole --algo \(algorithm) --steps 60 --eval-every 5 \(Self.short) \(flags) -q
      """
    let script = """
      cd '\(folder.path)' && \(command) --out whole >whole.txt || exit 1
      \(command) --out parts >parts.txt 2>&1 & pid=$!
      sleep 0.2; kill -9 $pid 2>/dev/null; wait $pid
      for pause in 0.15 0.1 0.2 0.25; do
        [ -d parts ] || { \(command) --out parts >parts.txt 2>&1 & pid=$!; sleep $pause; kill -9 $pid; wait $pid; continue; }
        "$AIGC" train rl cartpole --out parts --resume -q >parts.txt 2>&1 & pid=$!
        sleep $pause; kill -9 $pid 2>/dev/null; wait $pid
      done
      "$AIGC" train rl cartpole --out parts --resume -q >parts.txt 2>errors.txt
      """
    #expect(shell("{ \(script)\n} 2>/dev/null") == 0)
    try expectSameFiles(
      ["model.safetensors", "config.json", "training.safetensors"], in: folder.file("whole"),
      and: folder.file("parts"))
  }

  @Test func filmsAndAnswers() throws {
    let folder = try TemporaryFolder()
    func run(_ arguments: String) -> Int32? {
      shell("cd '\(folder.path)' && \"$AIGC\" \(arguments) >out.txt 2>err.txt")
    }
    func output() throws -> String { try text(folder.file("out.txt")) }
    #expect(run("train rl cartpole --algo random --timesteps 800 --seed 1 --out chance") == 0)
    #expect(run("play chance --episodes 3 --seed 1 --render gif --out a.gif --width 64") == 0)
    #expect(try bytes(folder.file("a.gif")).starts(with: Array("GIF89a".utf8)))
    #expect(try output().split(separator: "\n").count == 4)
    #expect(run("play chance --episodes 1 --seed 1 --render apng --out a.png --width 64") == 0)
    #expect(try bytes(folder.file("a.png")).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(run("play chance --render ascii --seed 1") == 0)
    #expect(try output().contains("episode 1  step 3  return 3.0"))
    #expect(try output().contains("o"))
    #expect(run("evaluate chance --episodes 200 --seed 5") == 0)
    let mean = try Double(output().prefix { $0 != " " })
    #expect((18...27).contains(mean ?? 0))
    #expect(run("convert chance policy.c") == 2)
    #expect(!fileExists(folder.file("policy.c")))
    #expect(run("play stories") == 4)
    #expect(run("play nowhere") == 3)
  }
}
