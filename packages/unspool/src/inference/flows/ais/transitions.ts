/** Transitions by name: what a config can choose. */
import { type Registry, registry } from "../../../registry.ts";
import { hmc } from "./hmc.ts";
import { metropolis } from "./metropolis.ts";
import type { Transition } from "./transition.ts";

export type TransitionName = "hmc" | "metropolis";

export interface TransitionEntry {
  readonly name: TransitionName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Whether it follows gradients of flow and target. */
  readonly needsGradients: boolean;
  create(options?: { stepSize?: number; isTuned?: boolean }): Transition;
}

/** Hamiltonian and random-walk transitions. */
export const transitions: Registry<TransitionEntry> = registry("transitions", [
  { name: "hmc", summary: "trajectories along gradients (leapfrog)", needsGradients: true, create: hmc },
  {
    name: "metropolis",
    aliases: ["mh"],
    summary: "random-walk proposals, without gradients",
    needsGradients: false,
    create: metropolis,
  },
]);
