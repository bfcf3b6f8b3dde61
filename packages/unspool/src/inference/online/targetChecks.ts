/** The hard part of these filters is the stability of their regressions: what is looked at after each. */
import { NonFiniteError } from "../../errors.ts";

const words: Readonly<Record<string, string>> = {
  T: "T, the derivative of the value by the state,",
  S: "S, the score,",
  V: "V, the value,",
};

/** Throws `NonFiniteError` for targets, or an estimate of the bound, that are not finite; t counts from 0. */
export function requireFiniteTargets(
  where: string,
  t: number,
  largest: Readonly<Record<string, number>>,
  elbo: number,
): void {
  for (const [name, size] of Object.entries(largest)) {
    if (Number.isFinite(size)) continue;
    const hint = "Raise the ridge, take more samples, or lower the learning rate of phi.";
    const problem = `a target of ${words[name] ?? name} is ${size} at observation ${t}. ${hint}`;
    throw new NonFiniteError(where, problem, { step: t, quantity: name });
  }
  if (Number.isFinite(elbo)) return;
  const hint = "Lower the learning rate of phi, or look at the observation.";
  throw new NonFiniteError(where, `the bound is ${elbo} at observation ${t}. ${hint}`, {
    step: t,
    quantity: "elbo",
  });
}

/** Growth of the largest target from one step to the next that is told. */
const largestGrowth = 10;

/** Tells of functions whose targets have grown tenfold. */
export function warnOfGrowth(
  tell: (message: string) => void,
  t: number,
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): void {
  for (const [name, size] of Object.entries(now)) {
    const old = before[name];
    if (old === undefined || old === 0 || size <= largestGrowth * old) continue;
    const grown = `from ${old.toPrecision(3)} to ${size.toPrecision(3)}`;
    tell(
      `the largest target of ${words[name] ?? name} has grown ${grown} at observation ${t}: its regression may be running away. ` +
        "Raise the ridge, or take more samples.",
    );
  }
}
