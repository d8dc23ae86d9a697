import ArgumentParser
import Console
import Datasets
import Families
import Files
import Glibc
import Inference

/// How an agent is shown.
enum Rendering: String, CaseIterable, ExpressibleByArgument {
  /// In letters, on standard output.
  case ascii
  case gif
  case apng
}

/// `aigc play MODEL`.
struct Play: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "play", abstract: "Have an agent act in its environment, and watch it.",
    discussion: """
      aigc play cartpole --render ascii shows the bundled agent on a terminal, --render gif --out cart.gif \
      makes a film; without --render the return of each episode is printed. The agent takes the action \
      that it holds for the best, with --stochastic one by chance as it did in training.
      """)

  @Argument(
    help: "An agent's name or path (default: the newest in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @Option(help: "How many episodes (default: 10; 1 with --render ascii).")
  var episodes: Int?
  @Option(help: "Show it: ascii, gif or apng (default: nothing is shown).")
  var render: Rendering?
  @Option(name: .shortAndLong, help: "The film's file.", completion: .file())
  var out: String?
  @Option(help: "Columns of a film's images (default: 320).")
  var width: Int?
  @Option(
    help: "Images a second of a film at most; every step, every second one and so on (default: 25)."
  )
  var fps: Int?
  @Flag(help: "Draw actions from the policy, as in training.")
  var stochastic = false
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if let episodes, !(1...100_000).contains(episodes) {
      throw ValidationError("--episodes \(episodes): 1 to 100000")
    }
    if let width, !(16...1920).contains(width) {
      throw ValidationError("--width \(width): 16 to 1920")
    }
    if let fps, !(1...100).contains(fps) { throw ValidationError("--fps \(fps): 1 to 100") }
    let isFilm = render == .gif || render == .apng
    if isFilm != (out != nil) {
      throw ValidationError(
        isFilm ? "--render gif and apng need --out FILE" : "--out is of --render gif and apng")
    }
    if !isFilm, width != nil || fps != nil {
      throw ValidationError("--width and --fps are of --render gif and apng")
    }
    if render == .ascii, common.json {
      throw ValidationError("--render ascii or --json, not both")
    }
    if let out, isStandardOutput(out), common.json {
      throw ValidationError("--out \(out) or --json, not both")
    }
  }

  func run() throws {
    if let out {
      try OutputPlan.check([(out, .animation)])
      try AgentFilm.check(out, render)
    }
    let (agent, player) = try open()
    let count = episodes ?? (render == .ascii ? 1 : 10)
    switch render {
    case nil: try report(player.play(episodes: count) { _ in })
    case .ascii: try AgentScreen(agent).show(player, episodes: count)
    case .gif, .apng:
      let film = AgentFilm(
        agent, width: width ?? 320, framesPerSecond: fps ?? 25, isGIF: render == .gif)
      try report(film.make(player, episodes: count, to: out ?? ""))
    }
  }

  private func open() throws -> (Agent, EpisodePlayer) {
    let agent = try openAgent(try model.map { try ModelStore.standard().resolve($0) })
    if stochastic, agent.configuration.algorithm == .dqn {
      throw AIGCError.usage("--stochastic is of policies; an agent of dqn has values of actions")
    }
    return (agent, try EpisodePlayer(agent, seed: seed.resolve(), isGreedy: !stochastic))
  }

  /// Says the return of each episode, in the place of a film on standard error.
  private func report(_ results: [(reward: Double, steps: Int)]) throws {
    let mean = results.reduce(0) { $0 + $1.reward } / Double(max(results.count, 1))
    if let out, isStandardOutput(out) { return }
    let answer = try Answer(nil)
    if common.json {
      let episodes = results.map { result -> JSONValue in
        .object([.init("reward", .double(result.reward)), .init("steps", .int(result.steps))])
      }
      return try answer.write(json: [
        .init("mean_reward", .double(mean)), .init("out", JSONValue(out)),
        .init("episodes", .array(episodes)),
      ])
    }
    for (index, result) in results.enumerated() {
      try answer.write(
        "episode \(index + 1): \(Format.fixed(result.reward, 2)) in \(counted(result.steps, "step"))\n"
      )
    }
    if results.count > 1 { try answer.write("mean: \(Format.fixed(mean, 2))\n") }
    try answer.finish()
  }
}

/// Opens an agent.
/// - Parameter path: nil: the newest one, else the bundled one.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another kind.
func openAgent(_ path: String?) throws -> Agent {
  let path = try path ?? defaultModelPath(kind: "agent")
  let family = try family(of: path)
  guard family is ReinforcementFamily else {
    throw AIGCError.mismatch("\(path): a model of kind '\(family.kind)'; an agent is needed here")
  }
  return try Agent(folder: path)
}

/// Episodes as a film in a file.
struct AgentFilm {
  private let agent: Agent
  private let width: Int
  /// Steps from one image to the next.
  private let stride: Int
  private let milliseconds: Int
  private let isGIF: Bool
  /// Beyond so many images a film is longer than anybody looks at.
  private static let mostFrames = 20_000

  init(_ agent: Agent, width: Int, framesPerSecond: Int, isGIF: Bool) {
    let speed = agent.environment.specification.framesPerSecond
    (self.agent, self.width, self.isGIF) = (agent, width, isGIF)
    stride = (speed + framesPerSecond - 1) / framesPerSecond
    milliseconds = 1000 * stride / speed
  }

  /// Refuses a name of the other format.
  static func check(_ out: String, _ render: Rendering?) throws(AIGCError) {
    if !isStandardOutput(out), OutputKind.isGIF(out) != (render == .gif) {
      throw .usage("\(out): --render \(render?.rawValue ?? "") and the file's name do not fit")
    }
  }

  /// - Returns: what came of the episodes.
  func make(
    _ player: EpisodePlayer, episodes: Int, to path: String
  ) throws -> [(reward: Double, steps: Int)] {
    var scenes: [Scene] = []
    let results = try player.play(episodes: episodes) { (frame) throws(AIGCError) in
      guard frame.step % stride == 0 || frame.isLast else { return }
      guard scenes.count < Self.mostFrames else {
        throw .usage("--episodes \(episodes): a film of more than \(Self.mostFrames) images")
      }
      scenes.append(frame.scene)
    }
    guard let first = scenes.first else { return results }
    let (shown, width) = (scenes, width)
    let film = AnimatedImage(
      count: scenes.count, width: width, height: first.height(ofWidth: width),
      milliseconds: milliseconds, lastMilliseconds: 1000
    ) { shown[$0].image(width: width) }
    let answer = try Answer(path, .animation)
    try answer.write(isGIF ? film.gif() : film.png())
    try answer.finish()
    return results
  }
}

/// Episodes in letters on standard output: on a terminal in one place, at the environment's speed; else one image
/// after the other.
struct AgentScreen {
  private let agent: Agent
  init(_ agent: Agent) { self.agent = agent }

  func show(_ player: EpisodePlayer, episodes: Int) throws {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let pause = UInt32(1_000_000 / agent.environment.specification.framesPerSecond)
    let answer = try Answer(nil)
    var isFirst = true
    let results = try player.play(episodes: episodes) { (frame) throws(AIGCError) in
      let lines = frame.scene.text()
      let head =
        "episode \(frame.episode + 1)  step \(frame.step)  return \(Format.fixed(frame.total, 1))"
      // Back to the first line, each line's rest deleted.
      let start = isTerminal && !isFirst ? "\u{1B}[\(lines.count + 1)A" : ""
      let end = isTerminal ? "\u{1B}[K\n" : "\n"
      isFirst = false
      try answer.stream(Array((start + ([head] + lines).map { $0 + end }.joined()).utf8))
      if isTerminal { usleep(pause) } else { try answer.write("\n") }
    }
    for (index, result) in results.enumerated() {
      try answer.write(
        "episode \(index + 1): \(Format.fixed(result.reward, 2)) in \(counted(result.steps, "step"))\n"
      )
    }
    try answer.finish()
  }
}
