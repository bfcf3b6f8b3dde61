/** Resampling schemes by name. */
import { OptionError } from "../../../errors.ts";
import { type Registry, registry } from "../../../registry.ts";
import { multinomial } from "./multinomial.ts";
import type { Resampler } from "./resampler.ts";
import { stratified } from "./stratified.ts";
import { systematic } from "./systematic.ts";

/** Names of the resampling schemes. */
export type ResamplerName = "multinomial" | "stratified" | "systematic";

/** A resampling scheme in the registry. */
export interface ResamplerEntry {
  readonly name: ResamplerName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Whether its draws have a score, which the unbiased gradients need. */
  readonly hasScore: boolean;
  create(): Resampler;
}

/** The registry: `resamplers.create("stratified")`. */
// prettier-ignore
export const resamplers: Registry<ResamplerEntry> = registry("resamplers", [
  { name: "multinomial", summary: "every place draws by the weights, independently of the others",
    hasScore: true, create: multinomial },
  { name: "stratified", summary: "one point in each of K equal cells of the cumulative weights",
    hasScore: true, create: stratified },
  { name: "systematic", summary: "one uniform number for all K cells", hasScore: false, create: systematic },
]);

/** A scheme by name, or one of the user's own. Throws `OptionError`. */
export function resamplerOf(where: string, given: ResamplerName | Resampler): Resampler {
  if (typeof given === "string") return resamplers.create(given);
  if (typeof given === "object" && given !== null && typeof given.ancestors === "function") return given;
  const names = resamplers.names.map((name) => JSON.stringify(name)).join(", ");
  throw new OptionError(where, "resampler", given, `one of ${names}, or a record with a function ancestors`);
}
