/** A bang-bang policy for the pole on a cart, tuned without a derivative. */
import type { Study } from "unspool";
import { controlStudy } from "./controlStudy.ts";

export const zoacCartpole: Study = controlStudy({
  name: "zoac-cartpole",
  summary: "a bang-bang policy for CartPole, from rewards per step and by whole episodes",
  paper: "Lei et al., Zeroth-Order Actor-Critic (arXiv 2201.12518), at CPU size",
  task: "cartpole",
  methods: ["zoac", "no-critic", "es", "ars", "ppo"],
  caption:
    "Median over runs of the return of the perturbed policies. The policy pushes to one side or the other: its derivative is 0. With a critic, segments of ten steps are enough to learn from.",
});
