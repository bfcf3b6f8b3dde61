/** Programs that the array room spells out and records under a name, and the engine has a kernel for. */
import { type TracedEquation, plainName } from "../../array/index.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Node, Op } from "./node.ts";

/** Functions of one number. */
const kernelNames: ReadonlyMap<string, Op> = new Map<string, Op>([
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["sigmoidSlope", "sigmoid_slope"],
  ["expm1", "expm1"],
  ["log", "log"],
  ["log1p", "log1p"],
  ["asin", "asin"],
  ["acos", "acos"],
  ["atan", "atan"],
  ["tan", "tan"],
  ["sin", "sin"],
  ["cos", "cos"],
  ["erf", "erf"],
  ["erfc", "erfc"],
]);

/** The results of the program, if it has a kernel. */
export function namedProgram(
  graph: GraphBuilder,
  { name, outputs }: TracedEquation,
  inputs: Node[],
): Node[] | undefined {
  const [a, b] = inputs as [Node, Node];
  const [out] = outputs;
  // Constants of the spelled-out function come before its argument.
  const op = kernelNames.get(plainName(name ?? ""));
  // A program that does more than the function, such as moving axes, is not it.
  const isItself = String(inputs.at(-1)?.shape) === String(out!.shape);
  if (op !== undefined && isItself)
    return [graph.elementwise(op, [inputs.at(-1)!], out!.dtype, {}, out!.shape)];
  if (name === "threefry") {
    const key = [0, 1].map((i) => graph.reshape(graph.shrink(a, [[i, i + 1]]), []));
    const words = ([0, 1] as const).map((mode) => {
      const spreadKey = key.map((half) => graph.broadcastTo(half, b.shape));
      const word = graph.elementwise("random_bits", [...spreadKey, b], "uint32", { mode }, b.shape);
      return graph.reshape(word, [1, ...b.shape]);
    });
    return [graph.concatenate(words, 0, out!.shape, "uint32")];
  }
  if (name === "boxMuller") {
    const [u, v] = [a, b].map((word) => {
      const mantissa = graph.elementwise("shr", [word, graph.literal(9, "uint32")], "uint32", {}, out!.shape);
      const bits = graph.elementwise(
        "or",
        [mantissa, graph.literal(0x3f800000, "uint32")],
        "uint32",
        {},
        out!.shape,
      );
      const float = graph.elementwise("bitcast", [bits], "float32", {}, out!.shape);
      return graph.elementwise("add", [float, graph.literal(-1, "float32")], "float32", {}, out!.shape);
    }) as [Node, Node];
    return [graph.elementwise("box_muller", [u, v], "float32", {}, out!.shape)];
  }
  return undefined;
}
