/** Operations on one operand that have most of their work in common: a group that needs both computes them together. */
import type { Node, Op } from "../graph/node.ts";
import { type MathPair, pairs32, pairs64 } from "../math/index.ts";
import type { FunctionBuilder } from "../wasm/index.ts";
import type { OperationOptions } from "./operations.ts";
import { type Vector, isWide } from "./vectors.ts";

/** First, second, and the function that computes both. */
const pairs: readonly (readonly [Op, Op, MathPair])[] = [
  ["tanh", "tanh_slope", "tanhAndSlope"],
  ["sigmoid", "sigmoid_slope", "sigmoidAndSlope"],
];

/** The other operation of a pair. */
export function partnerOf(op: Op): Op | undefined {
  const pair = pairs.find((one) => one.includes(op));
  return pair === undefined ? undefined : pair[pair[0] === op ? 1 : 0];
}

/** Results of `node` and of its partner on the same operand. */
export function emitPair(
  f: FunctionBuilder,
  node: Node,
  x: Vector,
  options: OperationOptions,
): [own: Vector, partner: Vector] {
  const [first, , name] = pairs.find((one) => one.includes(node.op))!;
  const results = x.map((part) => (isWide(node.dtype) ? pairs64 : pairs32)[name](f, part, options));
  const [a, b] = [results.map(([one]) => one), results.map(([, one]) => one)];
  return node.op === first ? [a, b] : [b, a];
}
