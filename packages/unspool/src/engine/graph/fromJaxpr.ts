/**
 * From a jaxpr to nodes. Nested `jit` equations are inlined; compound primitives become simpler ones; functions that
 * jax-js spells out and the engine has a kernel for are recovered by name.
 */
import type { TensorData, TracedEquation, TracedProgram } from "../../array/index.ts";
import { EngineError } from "../engineError.ts";
import type { GraphBuilder } from "./builder.ts";
import { scanNodes } from "./loop.ts";
import { namedProgram } from "./namedPrograms.ts";
import type { Node } from "./node.ts";
import { compiledPrimitives, lowering } from "./primitives.ts";
import { recover } from "./recover.ts";

/** Nodes of the program's results, for nodes in place of its arguments. */
export function fromJaxpr(graph: GraphBuilder, program: TracedProgram, args: readonly Node[]): Node[] {
  return recover(graph, asTraced(graph, program, args));
}

function asTraced(graph: GraphBuilder, program: TracedProgram, args: readonly Node[]): Node[] {
  const constants = program.constants.map(({ data, shape, dtype }) =>
    graph.constant(data as TensorData, shape, dtype),
  );
  return inline(graph, program.body, [...constants, ...args], program.name);
}

function inline(
  graph: GraphBuilder,
  body: TracedProgram["body"],
  args: readonly Node[],
  where: string,
): Node[] {
  const values = new Map<number, Node>();
  body.inputs.forEach((id, i) => values.set(id, args[i]!));
  const valueOf = (atom: (typeof body.outputs)[number]): Node =>
    "value" in atom ? graph.literal(atom.value, atom.dtype) : values.get(atom.id)!;
  for (const equation of body.equations) {
    const inputs = equation.inputs.map(valueOf);
    const outputs = lowerEquation(graph, equation, inputs, where);
    equation.outputs.forEach(({ id }, i) => values.set(id, outputs[i]!));
  }
  return body.outputs.map(valueOf);
}

function lowerEquation(graph: GraphBuilder, equation: TracedEquation, inputs: Node[], where: string): Node[] {
  if (equation.primitive === "scan") {
    return scanNodes(graph, equation, inputs, (own, body, args) =>
      recover(own, inline(own, body, args, where)),
    );
  }
  if (equation.body !== undefined) {
    return namedProgram(graph, equation, inputs) ?? inline(graph, equation.body, inputs, where);
  }
  const lower = lowering[equation.primitive];
  if (lower === undefined) throw new EngineError(where, equation.primitive, compiledPrimitives);
  return [lower(graph, inputs, equation)].flat();
}
