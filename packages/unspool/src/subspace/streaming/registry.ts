/** The streaming baselines by name. */
import type { Tree } from "../../array/index.ts";
import { type Registry, type RegistryEntry, registry } from "../../registry.ts";
import { gha } from "./gha.ts";
import { implicitKrasulina } from "./implicitKrasulina.ts";
import { krasulina } from "./krasulina.ts";
import { oja } from "./oja.ts";
import { ojaDeflation } from "./ojaDeflation.ts";
import type { StreamingOptions, StreamingRule } from "./streamingRule.ts";

export interface StreamingEntry extends RegistryEntry {
  create(options?: StreamingOptions): StreamingRule<Tree>;
}

/** A rule whose state is handed back as it was given: what is in it is the rule's own affair. */
const entry = <State extends Tree>(
  create: (options?: StreamingOptions) => StreamingRule<State>,
  summary: string,
): StreamingEntry => ({ name: create.name, summary, create: create as StreamingEntry["create"] });

export const streamingRules: Registry<StreamingEntry> = registry("streamingRules", [
  entry(oja, "Oja's rule with orthonormal components"),
  entry(krasulina, "matrix Krasulina: Oja's step outside of the span"),
  entry(gha, "generalised Hebbian algorithm, Sanger's rule"),
  entry(ojaDeflation, "Oja's rule with deflation"),
  entry(implicitKrasulina, "implicit Krasulina, one column at a time"),
]);
