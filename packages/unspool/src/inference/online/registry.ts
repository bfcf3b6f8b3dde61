/**
 * Online filters by name: one entry each feeds experiments, docs and comparisons. An entry takes from a common set of options
 * those that mean something to it.
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Registry, registry } from "../../registry.ts";
import { isDiagonalLinearGaussian } from "../stateSpace/diagonalLinearGaussian.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { bootstrapFilter } from "./baselines/bootstrapFilter.ts";
import { ensembleKalman } from "./baselines/ensembleKalman.ts";
import { extendedKalman } from "./baselines/extendedKalman.ts";
import { kalmanLearning } from "./baselines/kalmanLearning.ts";
import type { GaussianPair } from "./gaussianFamily.ts";
import type { OnlineFilter } from "./onlineFilter.ts";
import type { OnlineVariationalOptions } from "./onlineFilterOptions.ts";
import type { OnlineObjectiveName } from "./onlineObjective.ts";
import { onlineVariationalFilter } from "./onlineVariationalFilter.ts";

export type OnlineFilterName = "ovf" | "aelbo2" | "aelbo1" | "ignorePast" | "enkf" | "bpf" | "ekf" | "rmle";

export interface CommonFilterOptions<Theta> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
  /** Of variational filters: all of theirs but `model` and `objective`; those with another objective leave regressors out. */
  variational?: Omit<OnlineVariationalOptions<Theta, GaussianPair>, "model" | "objective">;
  /** Members of an ensemble, or particles. Default 10,000. */
  particles?: number;
}

export interface OnlineFilterEntry {
  readonly name: OnlineFilterName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** It optimises a variational pair. */
  readonly isVariational: boolean;
  /** It has a gradient by theta. */
  readonly learns: boolean;
  create<Theta>(options: CommonFilterOptions<Theta>): OnlineFilter<Theta>;
}

const variational = (
  name: OnlineObjectiveName,
  summary: string,
  aliases: readonly string[],
): OnlineFilterEntry => ({
  ...{ name, summary, aliases, isVariational: true, learns: true },
  create({ model, variational: given = {} }) {
    const { regressors, elbo, ...rest } = given;
    const past = name === "ovf" ? { ...(regressors && { regressors }), ...(elbo && { elbo }) } : {};
    return onlineVariationalFilter({ ...rest, ...past, model, objective: name });
  },
});

// prettier-ignore
const registered: Registry<OnlineFilterEntry> = registry("createOnlineFilter", [
  variational("ovf", "the bound of the whole history, its past as functions of the state", ["ours"]),
  variational("aelbo2", "one step's bound, the past as the last filter density", ["jelbo"]),
  variational("aelbo1", "one step's bound, the last state independent of this one", ["vjf"]),
  variational("ignorePast", "one step's bound without the past", []),
  { name: "enkf", summary: "stochastic ensemble Kalman filter", isVariational: false, learns: false,
    create: ({ model, particles }) => ensembleKalman({ model, ...(particles && { members: particles }) }) },
  { name: "bpf", aliases: ["bootstrap"], summary: "bootstrap particle filter", isVariational: false, learns: false,
    create: ({ model, particles }) => bootstrapFilter({ model, ...(particles && { particles }) }) },
  { name: "ekf", summary: "extended Kalman filter", isVariational: false, learns: false,
    create: ({ model }) => extendedKalman({ model }) },
  { name: "rmle", aliases: ["kalman"], summary: "Kalman filter with recursive maximum likelihood", isVariational: false, learns: true,
    create: <Theta>({ model }: CommonFilterOptions<Theta>) => learningOf(model) as OnlineFilter<Theta> },
]);

/** Its theta is that of the model, whatever the type that the registry knows it by. */
function learningOf(model: StateSpaceModel<unknown>): OnlineFilter {
  if (isDiagonalLinearGaussian(model)) return kalmanLearning({ model });
  throw new OptionError("kalmanLearning", "model", model.name, "diagonalLinearGaussian");
}

/** The filters by name. */
export const onlineFilters: readonly OnlineFilterEntry[] = registered.entries;

/** Names of all online filters. */
export const onlineFilterNames: readonly OnlineFilterName[] = registered.names;

/** A filter by name or alias. Options that mean nothing to it are left out. */
export function createOnlineFilter<Theta>(
  name: string,
  options: CommonFilterOptions<Theta>,
): OnlineFilter<Theta> {
  requireKnownOptions("createOnlineFilter", options, ["model", "variational", "particles"]);
  return registered.entry(name).create(options);
}
