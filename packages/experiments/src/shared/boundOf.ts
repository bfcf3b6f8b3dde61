/** Means of particle bounds over repeated sweeps, as one compiled program. */
import {
  type Key,
  type ObservedSeries,
  type ParticleBound,
  type ParticleTheta,
  type Tensor,
  compiled,
  random,
  vmap,
} from "unspool";

/** Means of log Z over `repeats` sweeps along one series, and over the series of a stack; concrete. */
export function boundOf<Model, ProposalParams, TwistParams>(
  bound: ParticleBound<Model, ProposalParams, TwistParams>,
  repeats: number,
): (theta: ParticleTheta<Model, ProposalParams, TwistParams>, data: ObservedSeries, key: Key) => number {
  type Theta = ParticleTheta<Model, ProposalParams, TwistParams>;
  const program = compiled("particle bound", (theta: Theta, data: ObservedSeries, key: Key): Tensor => {
    const along = (one: ObservedSeries, own: Key): Tensor => bound.logEvidence(theta, one, own);
    if (data.y.ndim === 2) return vmap((own: Key) => along(data, own))(random.split(key, repeats)).mean();
    const count = data.y.shape[0]!;
    const each = vmap((one: ObservedSeries, own: Key) =>
      vmap((seed: Key) => along(one, seed))(random.split(own, repeats)).mean(),
    );
    return each(data, random.split(key, count)).mean();
  });
  return (theta, data, key) => program(theta, data, key).item();
}
