import Checkpoints
import Files

/// Writes a model folder of tensors that were found to fit.
public typealias TensorImporter = () throws(AIGCError) -> Void

/// What tensors of a family's models look like in files of other programs.
public struct ImportForm: Sendable {
  /// What all names begin with; other programs call it otherwise, or leave it out.
  var prefix = ""
  /// Their names and shapes in words, for messages.
  var tensors: String
  /// What the names of averaged weights begin with: where they fit, others beside them are passed over.
  var preferred: [String] = []

  /// The place of a part among these; lower is better.
  fileprivate func rank(_ prefix: String) -> Int {
    preferred.firstIndex { prefix == $0 || prefix.hasSuffix(".\($0)") } ?? preferred.count
  }
}

extension Family {
  /// Makes a model folder of tensors that another program trained: `aigc convert --family <name>`. They
  /// are a bare state_dict, or one that the file holds under some key among other things, and their
  /// names may have any prefix in common (`module.`, `_orig_mod.`, `generator.`). The shapes decide which of
  /// them it is. The folder may be replaced if it is there.
  /// - Throws: ``/Files/AIGCError``: usage when the family cannot, mismatch when no tensors or those of several
  ///   models fit.
  public func importCheckpoint(
    _ checkpoint: Checkpoint, options: ImportOptions, to folder: String
  ) throws(AIGCError) {
    guard let form = importForm else {
      throw .usage("`family` \(name): models of this family cannot be made of a file of tensors")
    }
    try checkTensors(checkpoint)
    // Of one model only: a writer holds its whole network.
    var only: TensorImporter?
    var fitting: [String] = []
    var best = Int.max
    var problem: AIGCError?
    var seen: Set<String> = []
    for part in checkpoint.parts {
      for prefix in Set(["", form.prefix]).sorted() where prefix.isEmpty || part.isNoHalf {
        let view = try checkpoint.part(part, as: prefix)
        // The same tensors under the same names come with a longer prefix again.
        let first = view.tensors.first?.name ?? ""
        guard
          seen.insert("\(checkpoint.firstName(of: part)) \(view.tensors.count) \(first)").inserted
        else { continue }
        do throws(AIGCError) {
          let rank = form.rank(part.prefix)
          if rank <= best,
            let write = try importer(of: view, options: options, folder: folder)
          {
            if rank < best { (best, fitting) = (rank, []) }
            fitting.append(part.prefix)
            only = fitting.count == 1 ? write : nil
          }
        } catch  where error.code == .mismatch {
          problem = problem ?? error
        }
      }
    }
    guard !fitting.isEmpty else {
      throw problem
        ?? .mismatch(
          "\(checkpoint.path): no \(name) in it: expected are \(form.tensors); it has "
            + checkpoint.summary)
    }
    guard let only else {
      let places = fitting.map { "'\(printable($0))…'" }.joined(separator: ", ")
      throw .mismatch(
        "\(checkpoint.path): \(fitting.count) models of it fit: \(places); save the one that is meant "
          + "by itself")
    }
    try only()
  }

  private func checkTensors(_ checkpoint: Checkpoint) throws(AIGCError) {
    guard checkpoint.tensors.isEmpty else { return }
    let arrays = checkpoint.arrays
    guard !arrays.isEmpty else { throw .mismatch("\(checkpoint.path): no tensors in it") }
    let names = arrays.prefix(8).map { printable($0) }.joined(separator: ", ")
    throw .mismatch(
      "\(checkpoint.path): no tensors in it but \(arrays.count) arrays of NumPy (\(names)): save them as "
        + "tensors (torch.from_numpy)")
  }
}

extension Checkpoint.Part {
  /// An autoencoder's halves look like a generator and its discriminator.
  fileprivate var isNoHalf: Bool {
    !["encoder.", "decoder."].contains { prefix == $0 || prefix.hasSuffix(".\($0)") }
  }
}
