import Checkpoints
import Files

extension ReinforcementFamily {
  /// Writes the networks as `policy.safetensors`, under the names of stable-baselines3's `state_dict` and for
  /// observations as they are, or the policy as `policy.c`.
  /// - Throws: ``/Files/AIGCError``: usage for another ending, an agent that acts by chance and another type of values;
  ///   failed when the disk refuses.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    guard options.type == nil else {
      throw .usage("--type: an agent's weights are written as they are")
    }
    let agent = try Agent(folder: path)
    let source = try PolicySource(agent)
    if output.hasSuffix(".c") {
      let file = try OutputFile(path: output)
      try file.write(Array(source.text.utf8))
      return try file.commit(sync: false)
    }
    guard output.hasSuffix(".safetensors"), let policy = agent.policy else {
      throw .usage("\(output): an agent goes to a name that ends in .safetensors or .c")
    }
    var tensors = policy.layout.tensors(
      policy.parameters.values, dividing: agent.configuration.observationScales)
    if agent.configuration.algorithm == .dqn {
      // The target network, which stable-baselines3 asks for too, is the same one when training is over.
      tensors += tensors.map { $0.renamed("q_net_target." + $0.name.dropFirst("q_net.".count)) }
    }
    try SafetensorsWriter.write(
      tensors,
      metadata: ["format": "pt"], to: output, sync: false)
  }

  /// Has the agent play.
  /// - Throws: ``/Files/AIGCError``: as ``Agent/play(episodes:seed:isGreedy:)``.
  public func evaluate(
    _ path: String, episodes: Int, seed: UInt64
  ) throws(AIGCError) -> EpisodeReturns {
    try Agent(folder: path).play(episodes: episodes, seed: seed)
  }
}
