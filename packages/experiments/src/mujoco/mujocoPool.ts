/** A pool of MuJoCo's environments, one simulator per thread. */
import { type SimulatorPool, simulatorPool } from "unspool/train/node";
import type { MujocoPlayerOptions } from "./players.ts";

/** Beside this file in the sources, beside the package's index when it is built. */
const module = new URL(import.meta.url.endsWith(".ts") ? "./players.ts" : "./players.js", import.meta.url);

export interface MujocoPoolOptions {
  /** Default: those of the run. */
  threads?: number;
  /** Further simulators that keep their episodes, for `zoac`. Default 0. */
  samplers?: number;
}

export function mujocoPool(
  options: MujocoPlayerOptions,
  { threads, samplers = 0 }: MujocoPoolOptions = {},
): Promise<SimulatorPool> {
  const own = { module, name: "mujocoPlayer", options, samplers };
  return simulatorPool({ ...own, ...(threads !== undefined && { threads }) });
}
