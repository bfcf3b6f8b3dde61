/** How far a study is, in lines: the cells that are being run, how many have ended, how long the rest may take. */
import type { StudyEvent, StudyStartEvent, Table } from "unspool/train";
import type { QueueProgress } from "@unspool/workers";
import { formatDuration, formatNumber, formatSpeed, formatTable } from "@unspool/report/format";
import { type Progress, progressBlock, progressLine, speedometer } from "./progressBlock.ts";
import type { BestSetting, StudyTold } from "./reporter.ts";

interface Running extends Progress {
  measure: (step: number, nowMs: number) => number;
}

export interface StudyProgress {
  hear(event: StudyEvent, nowMs: number): void;
  /** Of cells that go through a queue. */
  queue(told: QueueProgress): void;
  /** Lines of the redrawn block. */
  block(width: number, nowMs: number): string[];
  /** One line for where nothing can be redrawn. */
  line(nowMs: number): string;
}

export function studyProgress({ cells }: StudyStartEvent, begunAt: number): StudyProgress {
  let startedAt = begunAt;
  let all = cells.length;
  let before = cells.filter(({ status }) => status !== "open").length;
  let ended = before;
  const running = new Map<string, Running>();

  /** Cells that ended since the start of this command, or since the study grew, say how long the others take, cells of the same size assumed. */
  const forecast = (nowMs: number): string => {
    const parts = [...running.values()].reduce(
      (sum, { step, steps }) => sum + (steps === 0 ? 0 : step / steps),
      0,
    );
    const done = ended - before + parts;
    if (done <= 0 || ended === all) return "";
    return `, about ${formatDuration(((nowMs - startedAt) * (all - before - done)) / done)} left`;
  };
  let queued: QueueProgress | undefined;
  const atQueue = (): string => {
    if (queued === undefined) return "";
    const { waiting, running: atWorkers, stepsPerSecond } = queued;
    return `, ${atWorkers} at workers, ${waiting} wait, ${formatSpeed(stepsPerSecond)}`;
  };
  const count = (nowMs: number): string => `${ended}/${all} cells${atQueue()}${forecast(nowMs)}`;
  return {
    queue: (told) => void (queued = told),
    hear(event, nowMs) {
      if (event.type === "cell-end") {
        running.delete(event.id);
        if (event.status === "done" || event.status === "failed") ended++;
      }
      if (event.type === "study-grow") {
        [all, startedAt] = [event.cells.length, nowMs];
        before = event.cells.filter(({ status }) => status !== "open").length;
        ended = before;
      }
      if (event.type !== "cell") return;
      const { id, event: own } = event;
      if (own.type === "start") {
        const { step, steps } = own;
        running.set(id, { step, steps, loss: undefined, stepsPerSecond: 0, measure: speedometer() });
      } else if (own.type === "step") {
        const known = running.get(id);
        if (known === undefined) return;
        const { step, loss } = own.record;
        const shown = Number.isFinite(loss) ? loss : null;
        running.set(id, { ...known, step, loss: shown, stepsPerSecond: known.measure(step, nowMs) });
      }
    },
    block(width, nowMs) {
      const lines = [...running].flatMap(([id, progress]) => {
        const [bar = "", numbers = ""] = progressBlock(progress, width - 2);
        return running.size > 1 ? [`${id}  ${bar}`] : [id, bar, numbers];
      });
      return [...lines, count(nowMs)].map((line) => line.slice(0, Math.max(1, width - 1)));
    },
    line(nowMs) {
      const lines = [...running].map(([id, progress]) => `${id} ${progressLine(progress)}`);
      return [...lines, count(nowMs)].join("  ");
    },
  };
}

/** What is said when a cell is left. */
export function cellEndLine(event: Extract<StudyEvent, { type: "cell-end" }>): string {
  const { id, status, error } = event;
  if (status === "failed") return `${id}: ${error?.message ?? "failed"}`;
  if (status === "elsewhere") return `${id}: another process has it`;
  return `${id}: ${status}`;
}

const tableLines = ({ title, columns, rows }: Table): string[] => ["", title, ...formatTable(columns, rows)];

/** The last words of a study, plain. */
export function studyEndLines(told: StudyTold): string[] {
  const { study, ended, cells, resume, summary, report, lost, isInterrupted } = told;
  const continued = resume === undefined ? [] : [`Continue with: ${resume}`];
  if (isInterrupted) {
    const done = cells === 0 ? "" : ` with ${ended} of ${cells} cells done`;
    return [`interrupted${done}`, ...(lost === undefined ? [] : [lost]), ...queuedLines(told), ...continued];
  }
  const metrics = Object.entries(summary?.metrics ?? {});
  const tables = [...(summary?.tables ?? []), ...(summary?.times?.tables ?? [])];
  return [
    headLine(told),
    ...told.failed.map(({ id, message }) => `${id} failed: ${message}`),
    ...told.blocked.map(({ id, failed }) => `${id} cannot run: it comes after ${failed.join(" and ")}`),
    ...tables.flatMap(tableLines),
    ...(metrics.length === 0
      ? []
      : [
          "",
          ...formatTable(
            ["summary", "value"],
            metrics.map(([name, value]) => [name, formatNumber(value)]),
          ),
        ]),
    "",
    ...bestLines(told.best),
    ...(report === undefined ? [] : [`report  ${report}`]),
    `study   ${study}`,
    ...continued,
    ...(told.again === undefined
      ? []
      : [
          "A cell that failed fails again with the same config and seed, and what comes after it never runs.",
          `Start the study anew with others: ${told.again} --set KEY=VALUE --seed N`,
        ]),
  ];
}

/** What goes on without the command that was interrupted. */
function queuedLines({ queued }: StudyTold): string[] {
  if (queued === undefined) return [];
  const { atWorkers, withdrawn } = queued;
  const cells = (count: number): string => (count === 1 ? "1 cell" : `${count} cells`);
  return [
    ...(atWorkers === 0
      ? []
      : [`Workers go on with ${cells(atWorkers)}; resume collects what they have done.`]),
    ...(withdrawn === 0 ? [] : [`Taken out of the queue, not begun: ${cells(withdrawn)}.`]),
  ];
}

function bestLines(best: BestSetting | undefined): string[] {
  if (best === undefined) return [];
  const { setting, notToldApart, command } = best;
  const others = notToldApart === 1 ? "1 other setting is" : `${notToldApart} other settings are`;
  const doubt = notToldApart === 0 ? "" : `, from which ${others} not told apart at 95 %`;
  return [`best    ${setting}${doubt}`, `        ${command}`];
}

function headLine({ ended, cells, failed, blocked, durationMs }: StudyTold): string {
  const counts = [
    `done ${ended - failed.filter(({ isOpen }) => isOpen !== true).length} of ${cells} cells`,
    ...(failed.length === 0 ? [] : [`${failed.length} failed`]),
    ...(blocked.length === 0 ? [] : [`${blocked.length} cannot run`]),
  ];
  return `${counts.join(", ")}, in ${formatDuration(durationMs)}`;
}
