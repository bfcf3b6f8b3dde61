/** The batch controllers by name: one line each. */
import { type Registry, registry } from "../../registry.ts";
import type { BatchController } from "./batchController.ts";
import { cabs, cabsDefaults } from "./cabs.ts";
import { doubleEvery, doubleEveryDefaults } from "./doubleEvery.ts";
import { followNoiseScale, followNoiseScaleDefaults } from "./followNoiseScale.ts";

export interface BatchControllerEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): BatchController<unknown>;
}

function entry<Options extends object, State>(
  name: string,
  create: (options: Options) => BatchController<State>,
  defaults: Required<Options>,
  summary: string,
): BatchControllerEntry {
  // The factory checks names and values of what it is given; a state goes back to the controller that made it.
  const erased = (options: Record<string, unknown>) => create(options as Options) as BatchController<unknown>;
  return { name, summary, defaults: { ...defaults }, create: erased };
}

// prettier-ignore
const registered: Registry<BatchControllerEntry> = registry("createBatchController", [
  entry("doubleEvery", doubleEvery, doubleEveryDefaults, "a growing batch by plan, instead of a falling learning rate"),
  entry("cabs", cabs, cabsDefaults, "the batch coupled with learning rate, gradient variance and loss"),
  entry("followNoiseScale", followNoiseScale, followNoiseScaleDefaults, "the batch that the gradient noise scale asks for"),
]);

export const batchControllers: readonly BatchControllerEntry[] = registered.entries;

export const batchControllerNames: readonly string[] = registered.names;

/** A batch controller by name. Throws `OptionError` for names and options that it does not know. */
export function createBatchController(
  name: string,
  options: Record<string, unknown> = {},
): BatchController<unknown> {
  return registered.create(name, options);
}
