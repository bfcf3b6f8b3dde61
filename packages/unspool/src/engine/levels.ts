/** The graph of a traced function at the levels of its arguments (see `graph/node.ts`). */
import { GraphBuilder } from "./graph/builder.ts";
import { fromJaxpr } from "./graph/fromJaxpr.ts";
import type { Level, Node } from "./graph/node.ts";
import { transposedProducts } from "./graph/transposedProducts.ts";
import type { TracedProgram } from "../array/index.ts";

export { settleLevels } from "./graph/settleLevels.ts";

/** An input of a section: a slot, seen at a level. */
export interface Reading {
  readonly slot: number;
  readonly shape: readonly number[];
  readonly dtype: Node["dtype"];
  readonly level: Level;
  /** For sections of level 1 that read one member of a slot of level 2. */
  readonly member?: number;
}

export interface Built {
  readonly graph: GraphBuilder;
  readonly outputs: Node[];
}

/** The graph of a traced function whose arguments are slots. */
export function build(traced: TracedProgram, readings: readonly Reading[]): Built {
  const graph = new GraphBuilder();
  const inputs = readings.map(({ slot, shape, dtype, level, member }) =>
    member === undefined || level < 2
      ? graph.input(slot, shape, dtype, level)
      : graph.input(slot, shape, dtype, 1, member),
  );
  return transposedProducts(fromJaxpr(graph, traced, inputs));
}
