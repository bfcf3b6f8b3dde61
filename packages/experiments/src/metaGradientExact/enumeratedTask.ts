/** The bandit learner whose lifetimes are enumerated. */
import { type RateEta, bandit, learnedRates, np } from "unspool";

type EnumeratedTask = ReturnType<typeof bandit<RateEta>>;

/** Reward of each arm; first logits 0, one pull per update, six updates, no noise. */
const arms = [2, 1, 0.5];
export const updates = 6;
export const enumeratedTask: EnumeratedTask = bandit({
  arms,
  updates,
  batch: 1,
  rewardNoise: 0,
  rate: learnedRates(),
});
export const etaAt = (eta: number): RateEta => ({ rates: np.array(eta, { dtype: "float64" }) });
