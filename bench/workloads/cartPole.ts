/** W10: a hundred steps of a thousand episodes of CartPole, pushed by a network with 64 units. */
import { type Executor, type Policy, type Tensor, cartPole, episodePlayer, np, random } from "unspool";
import type { Runner } from "../contestant.ts";

const [episodes, steps, hidden] = [1000, 100, 64];

type Network = { inner: Tensor; bias: Tensor; outer: Tensor };

const network: Policy<Network> = {
  name: "network",
  init: (key) => ({
    inner: random.normal(random.foldIn(key, 0), [4, hidden]),
    bias: random.normal(random.foldIn(key, 1), [hidden]),
    outer: random.normal(random.foldIn(key, 2), [hidden]),
  }),
  act({ inner, bias, outer }, observation) {
    const units = np.tanh((np.matmul(observation, inner) as Tensor).add(bias)) as Tensor;
    return units.mul(outer).sum().greater(0).astype("int32");
  },
};

/** One update is a batch of episodes. All steps are taken: those after an episode's end are masked, as the rival's are. */
export function cartPoleRunner(executor: Executor): Runner {
  const player = episodePlayer(cartPole(), network, { steps, executor });
  const theta = network.init(random.key(0));
  let batch = 0;
  return {
    run(updates) {
      for (let i = 0; i < updates; i++)
        player.play(theta, random.foldIn(random.key(1), batch++), { episodes });
    },
  };
}
