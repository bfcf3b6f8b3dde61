/** Options of the particle bounds, checked. */
import type { ScanOptions } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { type ParticleBoundEntry, type ParticleBoundName, particleBounds } from "./particleBounds.ts";
import type { SweepSettings } from "./particleSweep.ts";
import type { Proposal } from "./proposals/proposal.ts";
import {
  type ResamplingCriterion,
  type ResamplingCriterionName,
  criterionOf,
} from "./resampling/criteria.ts";
import { type ResamplerName, resamplerOf } from "./resampling/resamplers.ts";
import type { Resampler } from "./resampling/resampler.ts";
import { type ResamplingGradient, resamplingGradients } from "./resamplingScore.ts";
import type { Twist } from "./twists/twist.ts";

export interface ParticleBoundOptions<Model = unknown, ProposalParams = unknown, TwistParams = unknown> {
  /** The state-space model. */
  model: StateSpaceModel<Model>;
  /** What draws the particles. */
  proposal: Proposal<NoInfer<Model>, ProposalParams>;
  /** Of "sixo" alone, which needs one. */
  twist?: Twist<NoInfer<Model>, TwistParams>;
  /** "sixo", "fivo", "iwae" or "elbo". Default "sixo" with a twist, "fivo" without. */
  bound?: ParticleBoundName;
  /** K. Default 16; 1 of "elbo". */
  particles?: number;
  /** Default "multinomial". */
  resampler?: ResamplerName | Resampler;
  /** When particles are resampled: "ess", "always", "never", or a function. Default "ess"; "never" of "iwae" and "elbo". */
  criterion?: ResamplingCriterionName | ResamplingCriterion;
  /** Of "ess": the share of the particles down to which the effective sample size may fall. Default 0.5. */
  essFraction?: number;
  /**
   * How gradients treat what was resampled: "none" takes ancestors for constants (SIXO-b, FIVO-b), "scoreFunction" and
   * "scoreFunctionRaoBlackwell" (SIXO-u, FIVO-u) add their score, which is unbiased where the criterion does not look at the
   * weights. Default "none".
   */
  resamplingGradient?: ResamplingGradient;
  /** Steps whose particles the way back keeps: "all", "sqrt" (for long series) or { states }. Default "all". */
  checkpoints?: ScanOptions["checkpoints"];
  /** Told of what is allowed and may not be meant. */
  onWarning?(message: string): void;
}

export const particleBoundOptions = [
  "model",
  "proposal",
  "twist",
  "bound",
  "particles",
  "resampler",
  "criterion",
  "essFraction",
  "resamplingGradient",
  "checkpoints",
  "onWarning",
] as const;

export interface ParticleBoundSettings<Model, ProposalParams, TwistParams> extends SweepSettings<
  Model,
  ProposalParams,
  TwistParams
> {
  readonly bound: ParticleBoundName;
  readonly resamplingGradient: ResamplingGradient;
  /** As plain data, for recipes. */
  readonly names: Readonly<Record<string, string | number>>;
}

/** Throws `OptionError` for what does not fit. */
export function particleBoundSettings<Model, ProposalParams, TwistParams>(
  where: string,
  options: ParticleBoundOptions<Model, ProposalParams, TwistParams>,
): ParticleBoundSettings<Model, ProposalParams, TwistParams> {
  requireKnownOptions(where, options, particleBoundOptions);
  const { model, proposal, twist, resampler = "multinomial", resamplingGradient = "none" } = options;
  requireParts(where, options);
  const { bound = twist === undefined ? "fivo" : "sixo" } = options;
  const entry = particleBounds.entry(bound);
  requireTwist(where, entry, twist);
  const particles = countOf(where, entry, options.particles);
  const named = options.criterion ?? entry.criterion ?? "ess";
  if (entry.criterion !== undefined && named !== entry.criterion) {
    const hint = `The bound "${entry.name}" does not resample; "fivo" is what does.`;
    throw new OptionError(where, "criterion", named, `"${entry.criterion}" with bound "${entry.name}"`, hint);
  }
  if (options.essFraction !== undefined && named !== "ess")
    throw new OptionError(
      where,
      "essFraction",
      options.essFraction,
      'left out where the criterion is not "ess"',
    );
  const { essFraction } = options;
  const criterion = criterionOf(where, named, essFraction === undefined ? {} : { essFraction });
  const scheme = resamplerOf(where, resampler);
  requireOneOf(where, "resamplingGradient", resamplingGradient, resamplingGradients);
  if (resamplingGradient !== "none") {
    if (scheme.logProbability === undefined) {
      const hint = `The draws of "${scheme.name}" have no score. Take "multinomial" or "stratified".`;
      throw new OptionError(
        where,
        "resamplingGradient",
        resamplingGradient,
        `"none" with this resampler`,
        hint,
      );
    }
    if (criterion.isAdaptive)
      options.onWarning?.(
        `${where}: resamplingGradient "${resamplingGradient}" is biased where the criterion looks at the weights, as ` +
          `"${criterion.name}" does. It is unbiased with criterion "always".`,
      );
  }
  const { checkpoints } = options;
  return {
    ...{ model, proposal, twist, particles, resamplingGradient },
    ...{ bound: entry.name, resampler: scheme, criterion: criterion.decide },
    ...(checkpoints !== undefined && { checkpoints }),
    names: {
      ...{
        bound: entry.name,
        particles,
        resampler: scheme.name,
        criterion: criterion.name,
        resamplingGradient,
      },
      ...{ model: model.name, proposal: proposal.name, twist: twist?.name ?? "none" },
      ...(named === "ess" && { essFraction: essFraction ?? 0.5 }),
    },
  };
}

function countOf(
  where: string,
  { name, particles: only }: ParticleBoundEntry,
  given: number | undefined,
): number {
  const particles = given ?? only ?? 16;
  requireInteger(where, "particles", particles, 1);
  if (only === undefined || particles === only) return particles;
  const hint = 'Several weighted trajectories are the bound "iwae".';
  throw new OptionError(where, "particles", particles, `${only} with bound "${name}"`, hint);
}

function requireTwist(where: string, { name, isTwisted }: ParticleBoundEntry, twist: unknown): void {
  if (isTwisted && twist === undefined)
    throw new OptionError(where, "twist", twist, `given with bound "${name}"`, 'Without one it is "fivo".');
  if (!isTwisted && twist !== undefined) {
    const hint = 'The bound that uses a twist is "sixo".';
    throw new OptionError(where, "twist", nameOf(twist), `left out with bound "${name}"`, hint);
  }
}

const nameOf = (part: unknown): unknown => (part as { name?: unknown } | null)?.name ?? part;

/** Throws `OptionError` unless model, proposal and twist have the functions of their kind. */
function requireParts<Model, ProposalParams, TwistParams>(
  where: string,
  { model, proposal, twist }: ParticleBoundOptions<Model, ProposalParams, TwistParams>,
): void {
  requireFunctions(where, "model", model, ["initial", "transition", "emission"], "a state-space model");
  requireFunctions(where, "proposal", proposal, ["init", "propose"], "a proposal: bootstrap(), say");
  if (twist !== undefined) requireFunctions(where, "twist", twist, ["init", "logTwist"], "a twist");
}

/** Throws `OptionError` unless the part has functions of these names. */
export function requireFunctions(
  where: string,
  option: string,
  given: unknown,
  names: readonly string[],
  what: string,
): void {
  const part = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const missing = names.filter((name) => typeof part[name] !== "function");
  if (missing.length === 0) return;
  const hint = missing.length === names.length ? undefined : `It has no function ${missing.join(", ")}.`;
  throw new OptionError(where, option, given, what, hint);
}
