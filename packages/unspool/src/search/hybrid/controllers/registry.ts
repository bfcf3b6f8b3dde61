/** Controllers by name. */
import type { Tree } from "../../../array/index.ts";
import { type Registry, type RegistryEntry, registry } from "../../../registry.ts";
import type { Controller } from "./controller.ts";
import { hillClimb } from "./hillClimb.ts";
import { neat } from "./neat.ts";
import { nsga2 } from "./nsga2.ts";
import { policyGradient } from "./policyGradient.ts";
import { randomController } from "./randomController.ts";
import { regularizedEvolution } from "./regularizedEvolution.ts";

export type ControllerName =
  "regularizedEvolution" | "random" | "hillClimb" | "neat" | "nsga2" | "policyGradient";

export interface ControllerEntry extends RegistryEntry {
  readonly name: ControllerName;
  /** With its defaults, but for the size of a population, which those without one leave aside. */
  create(options: { population: number }): Controller;
}

/** A controller is handed back its own states only: what is in them is its own affair. */
const entry = <State extends Tree>(
  name: ControllerName,
  create: (options: { population: number }) => Controller<State>,
  summary: string,
): ControllerEntry => ({ name, summary, create: create as ControllerEntry["create"] });

export const controllers: Registry<ControllerEntry> = registry("controllers", [
  entry(
    "regularizedEvolution",
    regularizedEvolution,
    "the best of a tournament is mutated, the oldest dropped",
  ),
  entry("random", randomController, "uniform choices"),
  entry("hillClimb", () => hillClimb(), "mutations of the best choice seen"),
  entry("neat", neat, "evolution with species"),
  entry("nsga2", nsga2, "fronts of loss against costs of the choice"),
  entry("policyGradient", () => policyGradient(), "REINFORCE on a categorical per decision"),
]);
