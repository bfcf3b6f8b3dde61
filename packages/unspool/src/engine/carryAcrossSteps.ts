/**
 * Common subexpressions across the step boundary: what a step computes from the state it is given, and the step before
 * has computed from the same state when it was its result, is carried instead of computed twice. (The loss of one step
 * and the gradient of the next share their sines and exponentials.)
 */
import type { GraphBuilder } from "./graph/builder.ts";
import { type Node, type Op, isView, reachable } from "./graph/node.ts";

/** Operations that cost more than keeping their result. */
const costly: ReadonlySet<Op> = new Set<Op>([
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "tanh_slope",
  "sigmoid",
  "sigmoid_slope",
  "erf",
  "erfc",
  "sqrt",
  "div",
  "reciprocal",
  "dot",
]);

export interface Carried {
  /** The node that is read from `slot` in the step. */
  readonly node: Node;
  readonly slot: number;
  /** Its value after the step. */
  readonly next: Node;
}

export interface CarriedAcross {
  readonly outputs: Node[];
  readonly carried: Carried[];
}

/**
 * `outputs` are the values of `slots` after a step; `isAllowed` says which other slots a carried node may depend on
 * (those that no step changes).
 */
export function carryAcrossSteps(
  graph: GraphBuilder,
  outputs: readonly Node[],
  slots: readonly number[],
  isAllowed: (slot: number) => boolean,
  newSlot: (node: Node) => number,
): CarriedAcross {
  const present = new Set(reachable(outputs));
  const after = new Map(slots.map((slot, i) => [slot, outputs[i]!]));
  const shifted = new Map<Node, Node | undefined>();
  /** The node as the next step will see it; undefined if it depends on something else than the carry. */
  const shift = (node: Node): Node | undefined => {
    if (shifted.has(node)) return shifted.get(node);
    const result = shiftNode(node);
    shifted.set(node, result);
    return result;
  };
  const shiftNode = (node: Node): Node | undefined => {
    if (node.op === "input") {
      const slot = node.params.slot!;
      return after.get(slot) ?? (isAllowed(slot) ? node : undefined);
    }
    const inputs = node.inputs.map(shift);
    if (inputs.includes(undefined)) return undefined;
    return inputs.every((input, i) => input === node.inputs[i])
      ? node
      : graph.rebuild(node, inputs as Node[]);
  };
  const carried: Carried[] = [];
  const replaced = new Map<Node, Node>();
  const replace = (node: Node): Node => {
    const known = replaced.get(node);
    if (known !== undefined) return known;
    let result = node;
    const next = costly.has(node.op) && !isView(node) ? shift(node) : undefined;
    if (next !== undefined && next !== node && present.has(next) && next.level === node.level) {
      const slot = newSlot(node);
      carried.push({ node, slot, next });
      result = graph.input(slot, node.shape, node.dtype, node.level);
    } else {
      const inputs = node.inputs.map(replace);
      if (inputs.some((input, i) => input !== node.inputs[i])) result = graph.clone(node, inputs);
    }
    replaced.set(node, result);
    return result;
  };
  const next = outputs.map(replace);
  return { outputs: next, carried: carried.map((one) => ({ ...one, next: replace(one.next) })) };
}
