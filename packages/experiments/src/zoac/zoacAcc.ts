/** The PID gains of an adaptive cruise control, tuned from costs per step. */
import type { Study } from "unspool";
import { controlStudy } from "./controlStudy.ts";

export const zoacAcc: Study = controlStudy({
  name: "zoac-acc",
  summary: "PID gains of a cruise control, from costs per step and by whole episodes",
  paper: "Lei et al., Performance-Driven Controller Tuning (arXiv 2209.04854), adaptive cruise control",
  task: "acc",
  methods: ["zoac", "no-critic", "es", "ars", "ppo", "cmaEs", "randomSearch"],
  caption:
    "Median over runs of the cost of the perturbed controllers. An episode that fails costs 1000 more: one number per episode says little of which gains are to blame.",
});
