/** The bounds by name: they differ in what of a sweep is fixed. */
import { type Registry, registry } from "../../registry.ts";
import type { ResamplingCriterionName } from "./resampling/criteria.ts";

/** Names of the bounds. */
export type ParticleBoundName = "sixo" | "fivo" | "iwae" | "elbo";

/** A bound in the registry. */
export interface ParticleBoundEntry {
  readonly name: ParticleBoundName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Needs a twist, and is the only one to take one. */
  readonly isTwisted: boolean;
  /** The only criterion that it allows; undefined where that is free. */
  readonly criterion?: ResamplingCriterionName;
  /** The only number of particles that it allows. */
  readonly particles?: number;
  create(): ParticleBoundName;
}

/** The registry of bounds. */
// prettier-ignore
export const particleBounds: Registry<ParticleBoundEntry> = registry("particleBounds", [
  { name: "sixo", summary: "resamples towards the future by a twist: tight with the right twist and proposal",
    isTwisted: true, create: () => "sixo" },
  { name: "fivo", aliases: ["vsmc", "aesmc"], summary: "resamples by what has been seen so far (FIVO, VSMC, AESMC)",
    isTwisted: false, create: () => "fivo" },
  { name: "iwae", summary: "whole trajectories, weighted at the end", isTwisted: false, criterion: "never", create: () => "iwae" },
  { name: "elbo", summary: "one trajectory", isTwisted: false, criterion: "never", particles: 1, create: () => "elbo" },
]);
