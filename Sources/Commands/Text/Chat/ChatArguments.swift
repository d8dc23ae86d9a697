import ArgumentParser
import Families
import Files

/// How a conversation is begun and written.
struct ChatArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "What the model is told before all turns, as a message of the system (default: nothing).")
  var system: String?

  @Option(
    help: "A file with the template of conversations, in Jinja (default: the model's own).",
    completion: .file())
  var chatTemplate: String?

  init() {}

  /// The template that conversations are written by.
  /// - Throws: ``/Files/AIGCError``: badInput for a file that holds none, mismatch for a model without one.
  func template(of model: any LanguageModel) throws(AIGCError) -> ChatTemplate {
    guard let chatTemplate else { return try ChatTemplate?.none.orOwn(of: model) }
    // A model's own one may be broken; its special tokens are of use to another one.
    let tokens = (try? model.chatTemplate())??.specialTokens ?? []
    return try ChatTemplate(file: chatTemplate, specialTokens: tokens)
  }
}
