/**
 * Curves over outer steps of the best settings, mean and 95 % band over seeds: a figure for each number that the steps have.
 * A mean ends where one of its runs fails; it does not go on with those that are left.
 */
import type { Figure, Series } from "../figure.ts";
import type { CellResult } from "../study/study.ts";
import { scaleOf } from "./effectFigures.ts";
import { type MeanInterval, average, meanInterval } from "./interval.ts";
import { stepMetrics } from "./measured.ts";
import type { RankedSetting, SettingRanking } from "./rankSettings.ts";

/** More curves than these cannot be told apart. */
const mostSettings = 6;
/** Longer curves are drawn by means of so many parts. */
const mostPoints = 200;

export function settingCurves({ settings }: SettingRanking): Figure[] {
  const shown = settings.slice(0, mostSettings);
  const areStopped = new Set(shown.map(({ rung }) => rung)).size > 1;
  const left = settings.length - shown.length;
  return stepMetrics(shown.flatMap(({ results }) => results)).flatMap((name) => {
    const curves = shown.flatMap((one) => {
      const curve = curveOf(one.results, name);
      return curve.points.length === 0 ? [] : [{ ...curve, name: nameOf(one) }];
    });
    const all = curves.flatMap(({ points }) => points.map(({ mean }) => mean));
    // What is the same number everywhere is no curve.
    if (new Set(all).size < 2) return [];
    const averaged = Math.max(...curves.map(({ stepsPerPoint }) => stepsPerPoint));
    return [
      {
        id: `curve-${name}`,
        title: `${labelOf(name)} over outer steps, by setting`,
        caption: [
          "Mean over seeds and its 95 % band (Student's t).",
          ...(averaged > 1 ? [`A point is the mean of ${averaged} outer steps.`] : []),
          ...(left > 0 ? [`The best ${shown.length} of ${settings.length} settings.`] : []),
          ...(areStopped ? ["Curves of settings that did not go on end at their rung."] : []),
          ...(shown.some(({ failed }) => failed > 0) ? ["The mean ends where one of its runs failed."] : []),
        ].join(" "),
        x: { label: "outer step" },
        y: { label: labelOf(name), scale: scaleOf(all) },
        series: curves.flatMap(seriesOf),
      },
    ];
  });
}

const labelOf = (name: string): string => (name === "gradientNorm" ? "gradient norm" : name);

const nameOf = ({ label, results, failed }: RankedSetting): string =>
  failed === 0 ? label : `${label} (${failed} of ${results.length} failed)`;

interface Curve {
  name: string;
  steps: readonly number[];
  points: readonly MeanInterval[];
  stepsPerPoint: number;
}

function seriesOf({ name, steps, points }: Curve): Series[] {
  const line = { name, x: [...steps], y: points.map(({ mean }) => mean) };
  if (!points.every(({ low }) => Number.isFinite(low))) return [line];
  const [y, low] = [points.map(({ high }) => high), points.map((point) => point.low)];
  return [{ name, kind: "band", x: [...steps], y, low }, line];
}

/** At the steps that all runs have, up to where the first of them ends. */
export function curveOf(runs: readonly CellResult[], name: string): Omit<Curve, "name"> {
  const curves = runs.map(({ metrics }) => {
    const found = new Map<number, number>();
    for (const record of metrics) {
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      if (typeof value === "number") found.set(record.step, value);
    }
    return found;
  });
  const end = Math.min(...runs.map(endOf));
  const common = [...(curves[0]?.keys() ?? [])].filter(
    (step) => step <= end && curves.every((curve) => Number.isFinite(curve.get(step))),
  );
  const stepsPerPoint = Math.max(1, Math.ceil(common.length / mostPoints));
  const parts = Array.from({ length: Math.ceil(common.length / stepsPerPoint) }, (_, i) =>
    common.slice(i * stepsPerPoint, (i + 1) * stepsPerPoint),
  );
  return {
    steps: parts.map((part) => part.at(-1)!),
    points: parts.map((part) =>
      meanInterval(curves.map((curve) => average(part.map((step) => curve.get(step)!)))),
    ),
    stepsPerPoint,
  };
}

/** The last step before a number that is not finite. */
function endOf({ metrics }: CellResult): number {
  const broken = metrics.find(({ loss }) => typeof loss === "number" && !Number.isFinite(loss));
  return (broken?.step ?? Infinity) === Infinity ? (metrics.at(-1)?.step ?? 0) : broken!.step - 1;
}
