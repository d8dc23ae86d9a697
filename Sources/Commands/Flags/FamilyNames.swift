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
