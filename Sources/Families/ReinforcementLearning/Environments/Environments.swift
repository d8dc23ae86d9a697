import Files

/// An environment that is known by name.
public struct NamedEnvironment: Sendable {
  /// What it is.
  public let specification: EnvironmentSpecification
  private let make:
    @Sendable (_ count: Int, _ seed: UInt64) throws(AIGCError) -> any VectorEnvironment

  /// The entry of an environment.
  public init<Kind: Environment>(_ kind: Kind.Type) {
    specification = Kind.specification
    make = { (count, seed) throws(AIGCError) in
      try EnvironmentBatch<Kind>(count: count, seed: seed)
    }
  }

  /// Gymnasium's name: "CartPole-v1".
  public var name: String { specification.name }

  /// Other names, without a version: "cartpole".
  public var shortName: String {
    String(name.prefix { $0 != "-" }).lowercased()
  }

  /// Makes `count` environments, the episodes of each from its own stream of `seed`.
  /// - Throws: ``/Files/AIGCError`` (failed) when there is no memory.
  public func batch(_ count: Int, seed: UInt64) throws(AIGCError) -> any VectorEnvironment {
    try make(count, seed)
  }

  /// The environment of a name in any spelling: CartPole-v1, cartpole, mountain-car.
  /// - Throws: ``/Files/AIGCError`` (usage) when there is none.
  public static func named(_ name: String) throws(AIGCError) -> NamedEnvironment {
    func plain(_ name: String) -> String {
      String(name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " })
    }
    let wanted = plain(name)
    if let found = environments.first(where: {
      plain($0.name) == wanted || $0.shortName == wanted
    }) {
      return found
    }
    let known = environments.map { $0.name }.joined(separator: ", ")
    throw .usage("\(name): unknown environment; there are: \(known)")
  }
}

/// Every environment of the program.
public let environments: [NamedEnvironment] = [
  NamedEnvironment(CartPole.self), NamedEnvironment(MountainCar.self),
  NamedEnvironment(Acrobot.self), NamedEnvironment(Pendulum.self),
]
