import ArgumentParser
import Families
import Kernels

/// How a transformer computes with its weights.
struct LoadingArguments: ParsableArguments {
  @Option(
    help: """
      How the inputs of products with weights of few bits are taken: int8 (default), or f32, which makes the \
      weights 32-bit values.
      """)
  var activations: ActivationType?

  @Option(
    help: "How keys and values of what was read are kept: f32, f16 (default) or q8_0.")
  var cacheType: CacheType?

  @Option(
    name: .customLong("adapter"), parsing: .unconditionalSingleValue,
    help: """
      Add an adapter of low rank (LoRA) to the model, a folder of PEFT or a .gguf file, its changes times a \
      number: FILE[:SCALE]; may be repeated.
      """, completion: .file())
  var adapters: [AdapterChoice] = []

  init() {}

  var isGiven: Bool { activations != nil || cacheType != nil || !adapters.isEmpty }

  /// The options of a model that sees as many tokens; nil: all that it can see.
  func options(context: Int? = nil) -> ModelLoadOptions {
    var options = ModelLoadOptions()
    (options.context, options.activations, options.cacheType) = (context, activations, cacheType)
    options.adapters = adapters
    return options
  }
}

extension ActivationType: ExpressibleByArgument {}
extension CacheType: ExpressibleByArgument {}
