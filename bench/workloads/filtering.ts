/** W14: online variational filtering: one observation of a chaotic network of 5 units, 500 steps of Adam and a regression on 250 states. */
import { chaoticRnn, createOnlineFilter, random, simulate } from "unspool";
import type { Runner } from "../contestant.ts";

const [units, observations] = [5, 20];

/** One update is one observation. The stream begins again where its observations end. */
export function filteringRunner(): Runner {
  const model = chaoticRnn({ units });
  const theta = model.init(random.key(0));
  const { y } = simulate(model, theta, random.key(1), observations);
  const filter = createOnlineFilter("ovf", {
    model,
    variational: { regressors: { T: "kernelRidge", V: "kernelRidge" } },
  });
  let state = filter.init(theta, random.key(2));
  let t = 0;
  return {
    run(updates) {
      for (let i = 0; i < updates; i++) {
        if (t === observations) [state, t] = [filter.init(theta, random.key(2)), 0];
        state = filter.step(theta, state, y.slice(t), random.foldIn(random.key(3), t)).state;
        t++;
      }
    },
  };
}
