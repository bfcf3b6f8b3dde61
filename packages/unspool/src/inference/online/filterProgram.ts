/**
 * One time step of an online variational filter as a program: phi, the functions of the past, the estimate of the bound and the
 * gradient by theta, in the order of Campbell, Shi, Rainforth and Doucet 2021, Algorithm 1.
 */
import { type Key, type Tensor, random, tree } from "../../array/index.ts";
import {
  type DiagonalLinearGaussianTheta,
  isDiagonalLinearGaussian,
} from "../stateSpace/diagonalLinearGaussian.ts";
import { elboEstimate } from "./elboEstimate.ts";
import { kalmanPair } from "./kalmanPair.ts";
import type { OnlineVariationalSettings } from "./onlineFilterOptions.ts";
import { optimisePhi, windowNoise } from "./optimisePhi.ts";
import { evaluated, fittedFunctions } from "./pastFunctions.ts";
import type { PastFunctions } from "./pastNames.ts";
import { sigmaPoints } from "./regressors/quadraticRegression.ts";
import { thetaGradient } from "./thetaGradient.ts";
import type { StateMoments } from "./variationalFamily.ts";
import type { Link, Window } from "./window.ts";

/** What differs between the programs of steps. */
export interface StepKind {
  /** Links before this step's. */
  past: number;
  reachesStart: boolean;
  /** The functions move on by one step. */
  fits: boolean;
  /** The first two observations. */
  isEarly: boolean;
  learns: boolean;
}

export function kindOf<Theta, Phi>(
  { window, learns, theta }: OnlineVariationalSettings<Theta, Phi>,
  t: number,
): StepKind {
  return {
    past: Math.min(t, window),
    reachesStart: t < window,
    fits: t + 1 >= window,
    isEarly: t < 2,
    learns: learns && t >= theta.start,
  };
}

export interface StepInputs<Phi> {
  phi: Phi;
  links: Link<Phi>[];
  functions: PastFunctions;
  y: Tensor;
  observed: Tensor;
  t: Tensor;
  key: Key;
}

export interface StepOutputs<Theta, Phi> {
  links: Link<Phi>[];
  functions: PastFunctions;
  moments: StateMoments;
  elbo: Tensor;
  gradient?: Theta;
  largest: Record<string, Tensor>;
  rms: Record<string, Tensor>;
}

export type StepProgram<Theta, Phi> = (theta: Theta, inputs: StepInputs<Phi>) => StepOutputs<Theta, Phi>;

export function stepProgram<Theta, Phi>(
  settings: OnlineVariationalSettings<Theta, Phi>,
  kind: StepKind,
): StepProgram<Theta, Phi> {
  const { model, family, regressors } = settings;
  const d = model.stateSize;
  return (given, { phi: last, links: past, functions, y, observed, t, key }) => {
    const theta = tree.astype(given, "float64");
    const started: Link<Phi> = {
      phi: startOf(settings, theta, { last, y, observed, t }, kind),
      ...{ y, observed },
    };
    const from: Window<Phi> = { links: [...past, started], t, reachesStart: kind.reachesStart };
    const T = kind.reachesStart ? undefined : evaluated(regressors, functions, "T");
    const phis =
      settings.phi === "kalman"
        ? from.links.map(({ phi }) => phi)
        : optimisePhi(
            { ...settings, theta, window: from, slope: T },
            kind.isEarly ? settings.phi.first : settings.phi.later,
            random.foldIn(key, "phi"),
          );
    const window: Window<Phi> = { ...from, links: from.links.map((link, k) => ({ ...link, phi: phis[k]! })) };
    const fitted = kind.fits
      ? fittedFunctions(settings, { theta, window, functions, key: random.foldIn(key, "functions") })
      : { functions, largest: {}, rms: {} };
    const noiseOf = (name: string, links: number, samples: number | "exact"): Tensor[] =>
      samples === "exact" ? exactNoise(links, d) : windowNoise(random.foldIn(key, name), links, samples, d);
    const count = window.links.length;
    const elbo = elboEstimate(settings, {
      ...{ theta, window },
      value: kind.reachesStart ? undefined : evaluated(regressors, functions, "V"),
      noise: noiseOf("elbo", count, settings.elboSamples),
    });
    const gradient = kind.learns
      ? thetaGradient(settings, {
          ...{ theta, window },
          score: kind.reachesStart ? undefined : evaluated(regressors, functions, "S"),
          noise: noiseOf("theta", count, settings.theta.samples),
          earlierNoise: noiseOf("earlier", count - 1, settings.theta.samples),
        })
      : undefined;
    return {
      links: [...window.links],
      moments: family.moments(phis.at(-1)!),
      elbo,
      ...fitted,
      // Of the loss, in the dtypes of theta.
      ...(gradient !== undefined && {
        gradient: tree.map((g, x) => asType(g.neg(), x!), gradient, given) as Theta,
      }),
    };
  };
}

const asType = (x: Tensor, like: Tensor): Tensor => (x.dtype === like.dtype ? x : x.astype(like.dtype));

/** Points for the exact mean over all links' noise: none where there are no links. */
export function exactNoise(links: number, d: number): Tensor[] {
  if (links === 0) return [];
  const points = sigmaPoints(links * d);
  return Array.from({ length: links }, (_, k) => points.slice([], [k * d, (k + 1) * d]));
}

/** Phi of this step before it is optimised. */
function startOf<Theta, Phi>(
  { model, family, phi: rule }: OnlineVariationalSettings<Theta, Phi>,
  theta: Theta,
  { last, y, observed, t }: { last: Phi; y: Tensor; observed: Tensor; t: Tensor },
  kind: StepKind,
): Phi {
  const moments = kind.past === 0 ? undefined : family.moments(last);
  if (rule === "kalman") {
    // Options were refused unless the model is one of these, and with it theta.
    const linear = model as unknown;
    if (typeof linear !== "object" || linear === null || !isDiagonalLinearGaussian(linear)) return last;
    const { noise } = linear;
    return kalmanPair(family, last, {
      theta: theta as DiagonalLinearGaussianTheta,
      noise,
      y,
      observed,
      last: moments,
    });
  }
  const isFromFamily = rule.start === "family";
  if (isFromFamily && kind.past === 0) return last;
  const start = rule.warmStart({ model, theta, t, y, observed, last: moments });
  const moved = start === undefined ? last : family.moved(last, start);
  // The first kernel has no earlier one; the state before is known about as well as its filter density says.
  const isFirstKernel = kind.past > 0 && kind.isEarly && !isFromFamily;
  return isFirstKernel && family.withPastSd !== undefined ? family.withPastSd(moved, moments!.sd) : moved;
}
