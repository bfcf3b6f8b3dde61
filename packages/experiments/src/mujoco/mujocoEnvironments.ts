/** MuJoCo's environments by name. */
import { type Registry, type RegistryEntry, type SimulatedEnvironment, registry } from "unspool";
import type { MujocoEnvironmentOptions } from "./mujocoEnvironment.ts";
import { halfCheetahEnvironment } from "./models/halfCheetah.ts";
import { hopperEnvironment } from "./models/hopper.ts";
import { invertedPendulumEnvironment } from "./models/invertedPendulum.ts";
import { reacherEnvironment } from "./models/reacher.ts";
import { swimmerEnvironment } from "./models/swimmer.ts";

export interface MujocoEntry extends RegistryEntry {
  readonly terminates: boolean;
  /** What is added to each reward while a policy is trained by ARS, so that standing pays nothing. */
  readonly rewardShift: number;
  /** The return from which on its authors call it solved, if they say one. */
  readonly solvedAt?: number;
  create(options?: Partial<MujocoEnvironmentOptions>): SimulatedEnvironment;
}

/** Environments on MuJoCo, from models of our own. */
export const mujocoEnvironments: Registry<MujocoEntry> = registry<MujocoEntry>("mujocoEnvironments", [
  {
    name: "swimmer",
    summary: "three links in a fluid are to swim to the right",
    terminates: false,
    rewardShift: 0,
    solvedAt: 360,
    create: swimmerEnvironment,
  },
  {
    name: "halfCheetah",
    summary: "a runner with two legs in a plane",
    terminates: false,
    rewardShift: 0,
    solvedAt: 4800,
    create: halfCheetahEnvironment,
  },
  {
    name: "hopper",
    summary: "a leg that is to hop and not to fall",
    terminates: true,
    rewardShift: -1,
    solvedAt: 3800,
    create: hopperEnvironment,
  },
  {
    name: "invertedPendulum",
    summary: "a pole on a cart is to be kept up",
    terminates: true,
    rewardShift: 0,
    solvedAt: 950,
    create: invertedPendulumEnvironment,
  },
  {
    name: "reacher",
    summary: "an arm of two links is to touch a target",
    terminates: false,
    rewardShift: 0,
    create: reacherEnvironment,
  },
]);
