/**
 * What an online filter maximises at a time step, by name. With the reward
 *
 *     r_t = log f(x_t | x_{t-1}) + log g(y_t | x_t) + log q_{t-1}(x_{t-1}) - log q_t(x_{t-1} | x_t) - log q_t(x_t)
 *
 * "ovf" maximises the bound of the whole history, whose past is a function of x_{t-1}; the others leave the past out:
 *
 *     aelbo2      E[r_t] under q_t(x_{t-1} | x_t) q_t(x_t)
 *     aelbo1      E[r_t] under q_{t-1}(x_{t-1}) q_t(x_t), where the second and third last terms cancel
 *     ignorePast  aelbo2 without log q_{t-1}(x_{t-1})
 *
 * Campbell, Shi, Rainforth and Doucet 2021, sections 3.2 and 4.
 */
import { type Registry, registry } from "../../registry.ts";

export type OnlineObjectiveName = "ovf" | "aelbo2" | "aelbo1" | "ignorePast";

export interface OnlineObjective {
  readonly name: OnlineObjectiveName;
  readonly summary: string;
  /** The past enters by the functions T and S. */
  readonly usesPast: boolean;
  /** x_{t-1} comes from the backward kernel; else from the filter density of the step before. */
  readonly usesKernel: boolean;
  /** log q_{t-1}(x_{t-1}) is in the reward. */
  readonly usesFilter: boolean;
  create(): OnlineObjective;
}

const entry = (
  name: OnlineObjectiveName,
  summary: string,
  uses: Pick<OnlineObjective, "usesPast" | "usesKernel" | "usesFilter">,
): OnlineObjective => {
  const made: OnlineObjective = { name, summary, ...uses, create: () => made };
  return made;
};

// prettier-ignore
const registered: Registry<OnlineObjective> = registry("onlineObjective", [
  entry("ovf", "the bound of the whole history, its past as functions of the state",
    { usesPast: true, usesKernel: true, usesFilter: true }),
  entry("aelbo2", "one step's reward, the past as the last filter density",
    { usesPast: false, usesKernel: true, usesFilter: true }),
  entry("aelbo1", "one step's reward, the last state independent of this one",
    { usesPast: false, usesKernel: false, usesFilter: false }),
  entry("ignorePast", "one step's reward without the last filter density",
    { usesPast: false, usesKernel: true, usesFilter: false }),
]);

/** The objectives by name. */
export const onlineObjectives: readonly OnlineObjective[] = registered.entries;

/** The objective of a name. Throws `OptionError`, which suggests the nearest, where there is none. */
export function onlineObjective(name: OnlineObjectiveName): OnlineObjective {
  return registered.create(name);
}
