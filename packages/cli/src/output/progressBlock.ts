/** The text of a run's progress: a bar with numbers for a terminal, one plain line for a log. Pure. */
import { formatDuration, formatNumber, formatSpeed } from "@unspool/report/format";

export interface Progress {
  /** Outer steps done. */
  step: number;
  /** Outer steps of the whole run. */
  steps: number;
  /** Of the last step; null where it is not a number, undefined before the first. */
  loss: number | null | undefined;
  /** Over the last few seconds; 0 while unknown. */
  stepsPerSecond: number;
}

/** Lines of the redrawn block, none wider than `width`. */
export function progressBlock(progress: Progress, width: number): string[] {
  const { step, steps } = progress;
  const share = steps === 0 ? 1 : step / steps;
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const count = `${step}/${steps} steps`;
  const barWidth = Math.max(8, Math.min(40, width - percent.length - count.length - 5));
  const bar = `${barText(share, barWidth)} ${percent}  ${count}`;
  return [bar, numbers(progress).join("   ")].map((line) => line.slice(0, Math.max(1, width - 1)));
}

/** One line for where nothing can be redrawn. */
export function progressLine(progress: Progress): string {
  return [`step ${progress.step}/${progress.steps}`, ...numbers(progress)].join("  ");
}

function numbers({ step, steps, loss, stepsPerSecond }: Progress): string[] {
  const remaining = (1000 * (steps - step)) / stepsPerSecond;
  return [
    ...(loss === undefined ? [] : [loss === null ? "no loss" : `loss ${formatNumber(loss)}`]),
    ...(loss === undefined ? [] : [formatSpeed(stepsPerSecond)]),
    ...(stepsPerSecond > 0 && step < steps ? [`ETA ${formatDuration(remaining)}`] : []),
  ];
}

function barText(share: number, width: number): string {
  const eighths = Math.floor(Math.min(1, Math.max(0, share)) * width * 8);
  const full = Math.floor(eighths / 8);
  const part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]!;
  return `${"█".repeat(full)}${part}`.padEnd(width, "░");
}

/** Steps per second over a sliding window, so that a slow first step (tracing) does not spoil the forecast. */
export function speedometer(windowMs = 10_000): (step: number, nowMs: number) => number {
  const samples: { step: number; nowMs: number }[] = [];
  return (step, nowMs) => {
    const last = samples.at(-1);
    if (last === undefined || nowMs - last.nowMs >= windowMs / 50) samples.push({ step, nowMs });
    while (samples.length > 2 && nowMs - samples[1]!.nowMs > windowMs) samples.shift();
    const oldest = samples[0]!;
    return nowMs > oldest.nowMs ? (1000 * (step - oldest.step)) / (nowMs - oldest.nowMs) : 0;
  };
}
