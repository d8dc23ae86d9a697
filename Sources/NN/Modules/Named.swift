/// Gives a module the name that it has in checkpoints, where the property's own does not do:
/// `@Named("ln_1") var norm: LayerNorm`.
@propertyWrapper
public struct Named<Wrapped: Module>: Module, CustomReflectable {
  public let wrappedValue: Wrapped
  private let name: String

  public init(wrappedValue: Wrapped, _ name: String) {
    self.wrappedValue = wrappedValue
    self.name = name
  }

  public var prefix: ModulePrefix { .own(name) }

  /// The search for parameters sees the module itself.
  public var customMirror: Mirror { Mirror(reflecting: wrappedValue) }
}
