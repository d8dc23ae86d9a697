import Autograd
import Files
import Kernels
import NN

/// Which projections adapters change, and by how much.
public struct AdapterSettings: Codable, Equatable, Sendable {
  /// The rank of each change.
  public var rank = 8
  /// What a change is multiplied by, times the rank.
  public var alpha: Double = 16
  /// The ends of modules' names, as PEFT's `target_modules`: "q_proj"; nil: all projections of the layers.
  public var modules: [String]?

  /// Creates the settings of rank 8.
  public init() {}

  var scale: Float { Float(alpha / Double(rank)) }
}

extension TransformerConfiguration {
  /// The projections that adapters can change, in the order of the files.
  var adaptable: [TransformerTensor] {
    architecture.tensors(of: shape).filter { $0.isAdaptable }
  }

  /// Those that the settings name.
  /// - Throws: ``/Files/AIGCError`` (usage) for a name that no projection has, and for a rank out of range.
  func adapted(_ settings: AdapterSettings) throws(AIGCError) -> [TransformerTensor] {
    let all = adaptable
    guard settings.rank >= 1, settings.rank <= shape.width else {
      throw .usage("`rank` \(settings.rank): from 1 to the model's width, \(shape.width)")
    }
    guard settings.alpha > 0, settings.alpha.isFinite, settings.scale.isFinite else {
      throw .usage("`alpha` \(settings.alpha): a number above 0")
    }
    guard let modules = settings.modules else { return all }
    var names: [String] = []
    for tensor in all where !names.contains(tensor.moduleName) { names.append(tensor.moduleName) }
    if let unknown = modules.first(where: { module in !all.contains { $0.isNamed(module) } }) {
      throw .usage(
        "`adapters.modules` \(printable(unknown)): the model's projections are "
          + names.joined(separator: ", "))
    }
    return all.filter { tensor in modules.contains { tensor.isNamed($0) } }
  }

  /// The network on frozen weights, with adapters that change nothing yet.
  /// - Parameter settings: nil: there are none.
  /// - Throws: ``/Files/AIGCError``: usage as ``adapted(_:)``; else as ``TransformerWeights/load(into:)``.
  func adaptedNetwork(
    _ weights: TransformerWeights, _ settings: AdapterSettings?, using random: inout RandomSource
  ) throws(AIGCError) -> (network: Transformer, adapters: NamedParameters) {
    let chosen = try settings.map { (settings) throws(AIGCError) in try adapted(settings) } ?? []
    var frozen = try FrozenTransformer(weights)
    frozen.adapters = random.drawn { plan in
      var adapters: [TransformerTensor.Key: LowRankAdapter] = [:]
      guard let settings else { return adapters }
      for tensor in chosen {
        adapters[tensor.key] = LowRankAdapter(
          module: tensor.module, inputs: tensor.inputs, outputs: tensor.outputs,
          rank: settings.rank, scale: settings.scale, using: &plan)
      }
      return adapters
    }
    let network = ParameterPlan.shapes {
      Transformer(shape, architecture, frozen: frozen, using: &$0)
    }
    let isAdapter = Set(frozen.adapters.values.flatMap { [ObjectIdentifier($0.a), .init($0.b)] })
    let named = network.namedParameters
    try weights.load(into: named.filter { !isAdapter.contains(ObjectIdentifier($0.parameter)) })
    return (network, named.filter { isAdapter.contains(ObjectIdentifier($0.parameter)) })
  }
}

extension TransformerTensor {
  /// Whether a name of PEFT's `target_modules` means it: all of its module's name, or its end.
  func isNamed(_ name: String) -> Bool { module == name || module.hasSuffix(".\(name)") }
}
