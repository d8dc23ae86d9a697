import Files
import NN

extension VAEConfiguration {
  /// What a plan says of the model.
  var planMembers: [JSONValue.Member] {
    let isTable = table != nil
    return [
      .init("image_size", isTable ? .null : .string("\(width)x\(height)")),
      .init("channels", isTable ? .null : .int(channels)), .init("latent", .int(latent)),
      .init("network", .string(network.rawValue)),
      .init("layers", .array(layers.map { .int($0) })),
      .init("likelihood", .string(likelihood.rawValue)), .init("classes", .int(classes.count)),
      .init("codes", JSONValue(codebook?.entries)),
      .init("code_dim", JSONValue(codebook?.dimension)),
      .init("hidden", network == .linear ? .null : .int(hidden)),
      .init("commitment", codebook.map { .float($0.commitment) } ?? .null),
      .init("codebook", JSONValue(codebook?.update.rawValue)),
      .init("parameters", .int(parameterCount)),
      .init("columns", JSONValue(table?.columns.count)), .init("label", JSONValue(table?.label)),
    ]
  }

  private var parameterCount: Int {
    guard let codebook else {
      return ParameterPlan.shapes { VAENetworks(self, using: &$0) }.parameterCount
    }
    return ParameterPlan.shapes { VQVAENetworks(self, codebook, using: &$0) }.parameterCount
  }
}

extension VAETrainingOptions {
  /// What a plan says of the losses.
  var planMembers: [JSONValue.Member] {
    [
      .init("beta", .float(beta)), .init("kl_anneal", .int(annealingSteps)),
      .init("free_bits", .float(freeBits)), .init("mirror", .bool(isMirrored)),
      .init("convolution", .string(convolution.rawValue)),
    ]
  }

  /// What a plan says of a VAE-GAN's losses.
  var adversarialPlanMembers: [JSONValue.Member] {
    [
      .init("reconstruction", .string(reconstruction.rawValue)),
      .init("judge_samples", .bool(drawsLatents)), .init("feature_weight", .float(featureWeight)),
      .init("adversarial_weight", .float(adversarialWeight)), .init("r1", .float(r1 ?? 0)),
      .init("d_lr", .float(discriminatorRate)),
    ]
  }
}
