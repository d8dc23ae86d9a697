import Files
import Kernels

/// A policy as a C file of its own, with the weights in it: `policy_act` gives the action that the agent holds for the
/// best. It needs a C99 compiler and the mathematics library, nothing else.
struct PolicySource {
  private let agent: Agent
  private let layout: AgentLayout
  private let values: [Float]

  /// - Throws: ``/Files/AIGCError`` (usage) for an agent that acts by chance.
  init(_ agent: Agent) throws(AIGCError) {
    guard let policy = agent.policy else {
      throw .usage("an agent of --algorithm random has no policy to write")
    }
    (self.agent, layout) = (agent, policy.layout)
    values = policy.parameters.values
  }

  /// The file.
  var text: String {
    let environment = agent.environment.specification
    let shape = layout.policy
    var text = """
      /*
       * A policy for \(environment.name), trained by aigc (\(agent.configuration.algorithm.rawValue)).
       *
       *   \(prototype);
       *
       * Observations: \(environment.observations.joined(separator: ", ")).
       * Compile with -lm. With -DPOLICY_MAIN it is a program that reads observations, a line each, and prints
       * actions.
       */
      #include <math.h>


      """
    for layer in 0..<shape.layers {
      let (inputs, outputs) = (shape.sizes[layer], shape.sizes[layer + 1])
      text += array(
        "w\(layer)", values[shape.weights(layer)..<shape.biases(layer)], "\(outputs) * \(inputs)")
      text += array(
        "b\(layer)", values[shape.biases(layer)..<shape.biases(layer) + outputs], "\(outputs)")
    }
    return text + "\n\(prototype) {\n" + body + "}\n" + program
  }

  private var inputs: Int { layout.policy.sizes[0] }

  private var isDiscrete: Bool {
    if case .discrete = agent.environment.specification.actions { return true }
    return false
  }

  private var prototype: String {
    "\(isDiscrete ? "int" : "float") policy_act(const float observation[\(inputs)])"
  }

  /// A table of numbers, which C reads back to the same bits.
  private func array(_ name: String, _ values: ArraySlice<Float>, _ count: String) -> String {
    var lines: [String] = []
    var line = " "
    for number in values.map({ literal($0) }) {
      if line.utf8.count + number.utf8.count > 110 {
        lines.append(line)
        line = " "
      }
      line += " \(number),"
    }
    lines.append(line)
    return "static const float \(name)[\(count)] = {\n\(lines.joined(separator: "\n"))\n};\n"
  }

  /// Swift writes the fewest digits that are read back to the same number.
  private func literal(_ value: Float) -> String {
    let text = "\(value)"
    return (text.contains(".") || text.contains("e") ? text : text + ".0") + "f"
  }

  private var body: String {
    let shape = layout.policy
    var text = "  float x0[\(inputs)];\n"
    let scales = agent.configuration.observationScales ?? []
    for index in 0..<inputs {
      let factor = scales.isEmpty || scales[index] == 1 ? "" : " * \(literal(1 / scales[index]))"
      text += "  x0[\(index)] = observation[\(index)]\(factor);\n"
    }
    let f = shape.activation == .tanh ? "tanhf(sum)" : "sum > 0 ? sum : 0"
    for layer in 0..<shape.layers {
      let (inputs, outputs) = (shape.sizes[layer], shape.sizes[layer + 1])
      let isLast = layer == shape.layers - 1
      text += """
          float x\(layer + 1)[\(outputs)];
          for (int i = 0; i < \(outputs); i++) {
            float sum = b\(layer)[i];
            for (int j = 0; j < \(inputs); j++) sum += w\(layer)[i * \(inputs) + j] * x\(layer)[j];
            x\(layer + 1)[i] = \(isLast ? "sum" : f);
          }

        """
    }
    return text + choice("x\(shape.layers)")
  }

  private func choice(_ outputs: String) -> String {
    switch agent.environment.specification.actions {
    case .discrete(let count):
      return """
          int best = 0;
          for (int i = 1; i < \(count); i++)
            if (\(outputs)[i] > \(outputs)[best]) best = i;
          return best;

        """
    case .continuous(let limit):
      let (low, high) = (literal(-limit), literal(limit))
      return
        "  return \(outputs)[0] < \(low) ? \(low) : \(outputs)[0] > \(high) ? \(high) : \(outputs)[0];\n"
    }
  }

  private var program: String {
    """

    #ifdef POLICY_MAIN
    #include <stdio.h>
    int main(void) {
      float observation[\(inputs)];
      int count = 0;
      while (scanf("%f", &observation[count]) == 1) {
        if (++count < \(inputs)) continue;
        count = 0;
        printf("\(isDiscrete ? "%d" : "%.9g")\\n", policy_act(observation));
      }
      return 0;
    }
    #endif

    """
  }
}
