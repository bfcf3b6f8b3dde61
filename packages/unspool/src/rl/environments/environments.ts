/** The library's environments by name, with what others decide by. */
import { type Registry, type RegistryEntry, registry } from "../../registry.ts";
import { acrobot } from "./acrobot.ts";
import { adaptiveCruise } from "./adaptiveCruise.ts";
import { cartPole } from "./cartPole.ts";
import type { Environment } from "./environment.ts";
import type { EnvironmentSettings } from "./environmentSettings.ts";
import { lqr } from "./lqr.ts";
import { mountainCarContinuous } from "./mountainCarContinuous.ts";
import { pathTracking } from "./pathTracking.ts";
import { pendulum } from "./pendulum.ts";

export interface EnvironmentEntry extends RegistryEntry {
  /** Whether actions are choices, or numbers. */
  readonly actions: "discrete" | "box";
  /** Whether episodes can end for reasons of their own. */
  readonly terminates: boolean;
  /** Whether steps, not only starts, are random. */
  readonly isNoisy: boolean;
  /** The return from which on its authors call it solved, if they say one. */
  readonly solvedAt?: number;
  /** Where its constants are from. */
  readonly source: string;
  create(options?: EnvironmentSettings): Environment;
}

/** Environments whose functions are traced, in the order of lists. */
export const environments: Registry<EnvironmentEntry> = registry<EnvironmentEntry>("environments", [
  {
    name: "cartPole",
    summary: "a pole on a cart is to be kept up by pushes to the left or right",
    actions: "discrete",
    terminates: true,
    isNoisy: false,
    solvedAt: 475,
    source: "Gymnasium, CartPole-v1",
    create: cartPole,
  },
  {
    name: "pendulum",
    summary: "a rod on a weak motor is to stand upright",
    actions: "box",
    terminates: false,
    isNoisy: false,
    source: "Gymnasium, Pendulum-v1",
    create: pendulum,
  },
  {
    name: "mountainCarContinuous",
    summary: "a car with a weak motor is to swing out of a valley",
    actions: "box",
    terminates: true,
    isNoisy: false,
    solvedAt: 90,
    source: "Gymnasium, MountainCarContinuous-v0",
    create: mountainCarContinuous,
  },
  {
    name: "acrobot",
    summary: "two rods with a motor between them are to lift their tip",
    actions: "discrete",
    terminates: true,
    isNoisy: false,
    solvedAt: -100,
    source: "Gymnasium, Acrobot-v1",
    create: acrobot,
  },
  {
    name: "lqr",
    summary: "a linear system with quadratic costs, whose expected return has a closed form",
    actions: "box",
    terminates: false,
    isNoisy: false,
    source: "textbooks",
    create: lqr,
  },
  {
    name: "adaptiveCruise",
    summary: "a car follows another at a distance: four PID gains to tune",
    actions: "box",
    terminates: true,
    isNoisy: true,
    source: "Lei et al., arXiv 2209.04854",
    create: adaptiveCruise,
  },
  {
    name: "pathTracking",
    summary: "a car follows a winding road: four gains of a steering law to tune",
    actions: "box",
    terminates: true,
    isNoisy: false,
    source: "Lei et al., arXiv 2209.04854",
    create: pathTracking,
  },
]);
