import Datasets
import Families
import Glibc
import Kernels
import TestSupport
import Training

/// A file of images of MNIST's kind, squares of two classes at random places, and its labels.
package func writeSquares(
  _ folder: TemporaryFolder, count: Int = 48, side: Int = 8
) throws -> (images: String, labels: String) {
  var random = RandomSource(seed: 5)
  var bytes: [UInt8] = [0, 0, 8, 3]
  for size in [count, side, side] { bytes += [0, 0, UInt8(size >> 8), UInt8(size & 255)] }
  var labels: [UInt8] = [0, 0, 8, 1, 0, 0, UInt8(count >> 8), UInt8(count & 255)]
  for index in 0..<count {
    let (x, y) = (Int(random.integer(below: 4)), Int(random.integer(below: 4)))
    let length = index % 2 == 0 ? 2 : 4
    for row in 0..<side {
      for column in 0..<side {
        let isInside = (y..<y + length).contains(row) && (x..<x + length).contains(column)
        bytes.append(isInside ? 255 : 0)
      }
    }
    labels.append(UInt8(index % 2))
  }
  return (
    try folder.write("squares-idx3-ubyte", bytes), try folder.write("squares-idx1-ubyte", labels)
  )
}

/// A run of a GAN on squares that ends in a moment.
package func smallGAN(
  _ kind: GANKind, _ folder: TemporaryFolder, steps: Int = 6
) throws -> GANRecipe {
  let files = try writeSquares(folder)
  var recipe = GANRecipe(kind)
  recipe.settings.images.path = files.images
  recipe.settings.images.labels = files.labels
  if kind == .dcgan { recipe.settings.images.options.size = ImageSize(width: 16, height: 16) }
  recipe.settings.model.width = 8
  recipe.settings.model.latent = 6
  recipe.run.trainer.steps = steps
  recipe.run.trainer.batchSize = 8
  recipe.run.trainer.evalEvery = 3
  recipe.run.trainer.seed = 3
  return recipe
}

/// A run of an autoencoder on squares that ends in a moment.
package func smallVAE(
  _ kind: VAEKind, _ folder: TemporaryFolder, steps: Int = 6
) throws -> VAERecipe {
  let files = try writeSquares(folder)
  var recipe = VAERecipe(kind)
  recipe.settings.images.path = files.images
  recipe.settings.images.labels = files.labels
  recipe.settings.model.layers = [12, 8]
  recipe.settings.model.latent = 6
  recipe.run.trainer.steps = steps
  recipe.run.trainer.batchSize = 8
  recipe.run.trainer.evalEvery = 3
  recipe.run.trainer.seed = 3
  recipe.run.heldOut = HeldOutData(share: 0.25)
  return recipe
}

/// Files of MNIST's kind: 8 × 8 pixels with a bright bar at the top, the left or across.
/// - Returns: the path of the images; the labels lie beside them.
package func writeBars(_ folder: TemporaryFolder, count: Int, name: String) throws -> String {
  var random = RandomSource(seed: UInt64(count))
  var pixels: [UInt8] = []
  var labels: [UInt8] = []
  for _ in 0..<count {
    let label = Int(random.integer(below: 3))
    labels.append(UInt8(label))
    for y in 0..<8 {
      for x in 0..<8 {
        let isBar = label == 0 ? y < 2 : label == 1 ? x < 2 : x == y
        pixels.append(UInt8(random.integer(below: 60)) + (isBar ? 190 : 0))
      }
    }
  }
  func header(_ kind: UInt8, _ sizes: [Int]) -> [UInt8] {
    [0, 0, 8, kind] + sizes.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
  }
  try folder.write("\(name)-labels-idx1-ubyte", header(1, [count]) + labels)
  return try folder.write("\(name)-images-idx3-ubyte", header(3, [count, 8, 8]) + pixels)
}

/// A run of a classifier on bars.
package func smallClassifier(_ folder: TemporaryFolder, steps: Int) throws -> ClassifierRecipe {
  var recipe = ClassifierRecipe()
  recipe.settings.images.path = try writeBars(folder, count: 300, name: "bars")
  recipe.settings.model.stages = [4]
  recipe.settings.model.hidden = 8
  recipe.settings.model.augmentation = 0.5
  recipe.run.trainer.steps = steps
  recipe.run.trainer.batchSize = 32
  recipe.run.trainer.evalEvery = 10
  recipe.run.trainer.logEvery = 5
  recipe.run.trainer.seed = 3
  recipe.run.trainer.schedule.peak = 1e-2
  return recipe
}

/// A table of months of a wave on a rising line with noise.
package func waveTable(_ count: Int, columns: Int = 1) -> String {
  var random = RandomSource(seed: 5)
  var text = "month," + (0..<columns).map { "v\($0)" }.joined(separator: ",") + "\n"
  for index in 0..<count {
    let month = index % 12 + 1
    text += "\(2000 + index / 12)-\(month < 10 ? "0" : "")\(month)"
    for column in 0..<columns {
      let wave = 10 * sin(2 * Double.pi * Double(index) / 12 + Double(column))
      text += ",\(Float(50 + 0.3 * Double(index) + wave + random.normal()))"
    }
    text += "\n"
  }
  return text
}

/// A run of a forecaster on the table at `data` that ends in a moment.
package func smallForecast(_ data: String, steps: Int) -> ForecastRecipe {
  var recipe = ForecastRecipe(table: data)
  recipe.settings.hidden = 8
  recipe.run.trainer.steps = steps
  recipe.run.trainer.batchSize = 8
  recipe.run.trainer.seed = 3
  return recipe
}
