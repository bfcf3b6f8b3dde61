/** The pieces of a program: graphs whose outputs go to slots, each to be compiled as a section. */
import type { GraphBuilder } from "./graph/builder.ts";
import type { Node } from "./graph/node.ts";
import {
  type CompiledSection,
  type SectionContext,
  type SectionOutput,
  type Slot,
  compileSection,
} from "./section.ts";

export interface Piece {
  readonly graph: GraphBuilder;
  readonly outputs: readonly SectionOutput[];
}

/** Outputs of as many nodes to as many slots. */
export const outputsTo = (nodes: readonly Node[], slots: readonly Slot[]): SectionOutput[] =>
  nodes.map((node, i) => ({ node, slot: slots[i]! }));

export const compilePiece = (
  name: string,
  { graph, outputs }: Piece,
  context: SectionContext,
): CompiledSection => compileSection(name, graph, outputs, context);
