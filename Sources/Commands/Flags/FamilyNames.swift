import Families
import NN

/// The name of a family as a type: ArgumentParser needs a type for each command.
protocol FamilyName: Sendable {
  static var family: String { get }
}

protocol RecurrentName: FamilyName { static var kind: RecurrentKind { get } }
extension RecurrentName { static var family: String { kind.rawValue } }
enum RNNName: RecurrentName { static let kind = RecurrentKind.rnn }
enum GRUName: RecurrentName { static let kind = RecurrentKind.gru }
enum LSTMName: RecurrentName { static let kind = RecurrentKind.lstm }

protocol TransformerName: FamilyName {
  associatedtype Own: TransformerOwnArguments
  static var kind: TransformerKind { get }
  /// The preset of a published model, for help.
  static var published: String { get }
}
extension TransformerName { static var family: String { kind.rawValue } }
enum GPT2Name: TransformerName {
  typealias Own = DropoutArguments
  static let kind = TransformerKind.gpt2
  static let published = "gpt2 (124M)"
}
enum LlamaName: TransformerName {
  typealias Own = RotaryArguments
  static let kind = TransformerKind.llama
  static let published = "smollm2 (135M)"
}
enum Qwen3Name: TransformerName {
  typealias Own = RotaryArguments
  static let kind = TransformerKind.qwen3
  static let published = "0.6b (Qwen3 0.6B)"
}
enum Gemma3Name: TransformerName {
  typealias Own = RotaryArguments
  static let kind = TransformerKind.gemma3
  static let published = "270m (Gemma 3 270M)"
}

protocol GANFamilyName: FamilyName { static var kind: GANKind { get } }
extension GANFamilyName { static var family: String { kind.rawValue } }
enum GANName: GANFamilyName { static let kind = GANKind.gan }
enum DCGANName: GANFamilyName { static let kind = GANKind.dcgan }

protocol VAEFamilyName: FamilyName { static var kind: VAEKind { get } }
extension VAEFamilyName { static var family: String { kind.rawValue } }
enum VAEName: VAEFamilyName { static let kind = VAEKind.vae }
enum VAEGANName: VAEFamilyName { static let kind = VAEKind.vaegan }

enum VQVAEName: FamilyName { static let family = VQVAEFamily.name }
enum StyleGANName: FamilyName { static let family = StyleGANFamily.name }
