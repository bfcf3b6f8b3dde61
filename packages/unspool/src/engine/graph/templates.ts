/**
 * Functions found by their pieces: a function of the array room is traced once, and what that gives, from its result
 * down to its argument, is looked for in other graphs.
 */
import { type DType, type Tensor, type TracedProgram, np, traceProgram } from "../../array/index.ts";
import { GraphBuilder } from "./builder.ts";
import { type Node, type Op, numberOf } from "./node.ts";
import type { Rule } from "./recover.ts";

/** Nodes of a traced program, its pieces not recovered. */
export type Lower = (graph: GraphBuilder, program: TracedProgram, args: readonly Node[]) => Node[];

interface Function {
  readonly call: (x: Tensor) => Tensor;
  /** Its graph has these operations. */
  readonly made: readonly Op[];
}

const functions: ReadonlyMap<Op, Function> = new Map<Op, Function>([
  ["expm1", { call: np.expm1 as Function["call"], made: ["exp", "where", "less_equal", "max"] }],
]);

interface Template {
  readonly root: Node;
  readonly argument: Node;
  /** Numbers of the operands on the shortest way from the root to the argument. */
  readonly path: readonly number[];
}

const templates = new Map<string, Template>();

function templateOf(op: Op, dtype: DType, lower: Lower): Template {
  const name = `${op} ${dtype}`;
  let known = templates.get(name);
  if (known === undefined) {
    const graph = new GraphBuilder();
    // Of a length that is no other: axes of length 1 would be taken off.
    const argument = graph.input(0, [3], dtype, 0);
    const call = functions.get(op)!.call as (...args: never[]) => unknown;
    const program = traceProgram(op, call, [np.zeros([3], { dtype })]);
    const root = lower(graph, program, [argument])[0]!;
    known = { root, argument, path: pathTo(root, argument) };
    templates.set(name, known);
  }
  return known;
}

function pathTo(root: Node, argument: Node): number[] {
  const ways: [Node, number[]][] = [[root, []]];
  for (const [node, path] of ways) {
    if (node === argument) return path;
    node.inputs.forEach((input, i) => ways.push([input, [...path, i]]));
  }
  throw new Error("internal: a template does not depend on its argument");
}

/** Rules for the functions whose pieces may be in a graph with the operations `present`. */
export function templatesFor(present: ReadonlySet<Op>, lower: Lower): Rule[] {
  const possible = [...functions].filter(([, { made }]) => made.every((op) => present.has(op)));
  return possible.map(([op]) => (graph, node) => {
    if (node.dtype !== "float32" && node.dtype !== "float64") return undefined;
    const template = templateOf(op, node.dtype, lower);
    const x = argumentIn(node, template);
    if (x === undefined || !matches(template, node, x)) return undefined;
    return graph.elementwise(op, [x], node.dtype, {}, node.shape);
  });
}

/** The argument, if `node` is the function. */
function argumentIn(node: Node, { root, path }: Template): Node | undefined {
  let [own, pattern] = [node, root];
  for (const i of path) {
    if (own.op !== pattern.op || own.inputs.length !== pattern.inputs.length) return undefined;
    [own, pattern] = [own.inputs[i]!, pattern.inputs[i]!];
  }
  return own.dtype === pattern.dtype ? own : undefined;
}

/** Whether `node` is the template's function of `x`. */
function matches({ root, argument }: Template, node: Node, x: Node): boolean {
  const bound = new Map<Node, Node>([[argument, x]]);
  const isLike = (pattern: Node, own: Node): boolean => {
    const known = bound.get(pattern);
    if (known !== undefined) return known === own;
    const number = numberOf(pattern);
    if (number !== undefined) {
      const other = numberOf(own);
      return other?.dtype === number.dtype && Object.is(other.params.value, number.params.value);
    }
    // The negative of a negative is its operand.
    const isUndone = pattern.op === "neg" && pattern.inputs[0] === argument && x.op === "neg";
    const isEqual = isUndone
      ? own === x.inputs[0]
      : pattern.op === own.op &&
        pattern.dtype === own.dtype &&
        pattern.inputs.length === own.inputs.length &&
        JSON.stringify(pattern.params) === JSON.stringify(own.params) &&
        pattern.inputs.every((input, i) => isLike(input, own.inputs[i]!));
    if (isEqual) bound.set(pattern, own);
    return isEqual;
  };
  return isLike(root, node);
}
