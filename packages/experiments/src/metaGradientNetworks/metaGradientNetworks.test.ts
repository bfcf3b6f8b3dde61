import { expect, test } from "vitest";
import { train } from "unspool";
import { metaGradientNetworks } from "./metaGradientNetworks.ts";

const tiny = {
  ...{ lifetimes: 2, steps: 2, window: 2, updates: 4, batch: 1, swapEvery: 2, hidden: [3], side: 2 },
  ...{ remembered: 2, evaluationLifetimes: 2 },
};

test(
  "agents that replay: eta, a network, moves, and returns are told before and after",
  { tags: ["long"] },
  async () => {
    const config = { ...tiny, units: 2, replay: 2 };
    const { evaluation, figures, theta } = await train(metaGradientNetworks, { config });
    const { returnBefore, returnAfter } = evaluation!.metrics as Record<string, number>;
    expect(Math.abs(returnBefore!)).toBeLessThan(16);
    expect(Number.isFinite(returnAfter)).toBe(true);
    const { layers } = theta as { layers: { bias: { data: ArrayLike<number> } }[] };
    // The logit of .1, from which two steps of Adam have moved it.
    expect(layers.at(-1)!.bias.data[0]).not.toBeCloseTo(Math.log(1 / 9), 4);
    const [curve] = figures;
    expect(curve!.series.map(({ y }) => y.length)).toEqual([4, 4]);
    expect(curve!.references).toHaveLength(1);
  },
);
