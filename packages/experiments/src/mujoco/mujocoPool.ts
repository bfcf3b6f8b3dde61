/** A pool of MuJoCo's environments, one simulator per thread. */
import { type SimulatorPool, simulatorPool } from "unspool/train/node";
import type { MujocoPlayerOptions } from "./players.ts";

/** Beside this file in the sources, beside the package's index when it is built. */
const module = new URL(import.meta.url.endsWith(".ts") ? "./players.ts" : "./players.js", import.meta.url);

/** Threads: by default those of the run. */
export function mujocoPool(
  options: MujocoPlayerOptions,
  { threads }: { threads?: number } = {},
): Promise<SimulatorPool> {
  return simulatorPool({ module, name: "mujocoPlayer", options, ...(threads !== undefined && { threads }) });
}
