/**
 * For whom values differ (see `graph/node.ts`), found by trial: what a loop carries is at least as different as what it
 * starts from and what a step makes of it.
 */
import { GraphBuilder } from "./graph/builder.ts";
import { fromJaxpr } from "./graph/fromJaxpr.ts";
import type { Level, Node } from "./graph/node.ts";
import { transposedProducts } from "./graph/transposedProducts.ts";
import type { TracedProgram } from "../array/index.ts";

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

/** Raises the levels of what a loop carries until a step changes none of them. */
export function settleLevels(
  start: readonly Level[],
  step: (levels: readonly Level[]) => readonly Level[],
): Level[] {
  let levels = [...start];
  for (;;) {
    const next = step(levels);
    const raised = levels.map((level, i) => (next[i]! > level ? next[i]! : level));
    if (raised.every((level, i) => level === levels[i])) return levels;
    levels = raised;
  }
}
